// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-fuse-elementwise))' | FileCheck %s
// RUN: jarana-opt %s --verify-passes --pass-pipeline='builtin.module(func.func(cpu-fuse-elementwise))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @chain
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK-NEXT: arith.addf
// CHECK-NEXT: linalg.yield
// CHECK-NOT: linalg.generic
func.func @chain(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = linalg.exp ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = linalg.add ins(%0, %y : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// A product would compute exp once per column.
// CHECK-LABEL: func.func @repeated
// CHECK: math.exp
// CHECK: linalg.matmul
func.func @repeated(%x: tensor<?x8xf32>, %w: tensor<8x16xf32>, %e: tensor<?x8xf32>, %f: tensor<?x16xf32>) -> tensor<?x16xf32> {
  %0 = linalg.exp ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = linalg.matmul ins(%0, %w : tensor<?x8xf32>, tensor<8x16xf32>) outs(%f : tensor<?x16xf32>) -> tensor<?x16xf32>
  return %1 : tensor<?x16xf32>
}

// Two users would both compute it.
// CHECK-LABEL: func.func @shared
// CHECK: math.exp
// CHECK-NOT: math.exp
func.func @shared(%x: tensor<8xf32>, %e: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %0 = linalg.exp ins(%x : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %1 = linalg.add ins(%0, %x : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  %2 = linalg.mul ins(%0, %x : tensor<8xf32>, tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %1, %2 : tensor<8xf32>, tensor<8xf32>
}

// A value of each row, one of each column and a position are read where they are used; a sum over a dimension
// takes in what it sums.
// CHECK-LABEL: func.func @into_a_sum
// CHECK-COUNT-1: linalg.generic
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @into_a_sum(%x: tensor<?x5xf32> {hybrid.dims = ["length", "5"]}, %row: tensor<?xf32> {hybrid.dims = ["length"]}, %column: tensor<5xf32>,
                      %e: tensor<?x5xf32> {hybrid.dims = ["length", "5"]}, %f: tensor<5x?xf32> {hybrid.dims = ["5", "length"]}, %sum: tensor<5xf32>) -> tensor<5xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %row : tensor<?x5xf32>, tensor<?xf32>) outs(%e : tensor<?x5xf32>) {
  ^bb0(%a: f32, %b: f32, %out: f32):
    %i = linalg.index 0 : index
    %n = arith.index_cast %i : index to i64
    %g = arith.sitofp %n : i64 to f32
    %t = arith.mulf %a, %b : f32
    %u = arith.addf %t, %g : f32
    linalg.yield %u : f32
  } -> tensor<?x5xf32>
  %1 = linalg.transpose ins(%0 : tensor<?x5xf32>) outs(%f : tensor<5x?xf32>) permutation = [1, 0]
  %2 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
      ins(%1, %column : tensor<5x?xf32>, tensor<5xf32>) outs(%sum : tensor<5xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %t = arith.mulf %a, %b : f32
    %u = arith.addf %s, %t : f32
    linalg.yield %u : f32
  } -> tensor<5xf32>
  return %2 : tensor<5xf32>
}

// What was there is used: an operand like the others.
// CHECK-LABEL: func.func @adds_to_what_was_there
// CHECK: linalg.generic
// CHECK: math.tanh
func.func @adds_to_what_was_there(%x: tensor<3x7xf32>, %e: tensor<3x7xf32>, %y: tensor<3x7xf32>) -> tensor<3x7xf32> {
  %0 = linalg.tanh ins(%x : tensor<3x7xf32>) outs(%e : tensor<3x7xf32>) -> tensor<3x7xf32>
  %1 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<3x7xf32>) outs(%y : tensor<3x7xf32>) {
  ^bb0(%a: f32, %b: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<3x7xf32>
  return %1 : tensor<3x7xf32>
}
