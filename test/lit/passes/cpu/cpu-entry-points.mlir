// RUN: jarana-opt %s --cpu-entry-points --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: module attributes {hybrid.checks = ["input 's' dimension 0: expected that of 'x'"]}
// CHECK: hybrid.weight @a {{.*}} {hybrid.offset = 0 : i64}
hybrid.weight @a : tensor<3xf32> = #hybrid.file_range<"w.bin", 0, 12>
// A weight that nobody loads has no place.
// CHECK-NOT: hybrid.weight @unused {{.*}} hybrid.offset
hybrid.weight @unused : tensor<3xf32> = #hybrid.file_range<"w.bin", 0, 12>
// CHECK: hybrid.weight @b {{.*}} {hybrid.offset = 64 : i64}
hybrid.weight @b : tensor<3xf32> = #hybrid.file_range<"w.bin", 12, 12>

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: memref<?x3xf32> {hybrid.name = "x"}, %[[S:[^:]*]]: memref<?xf32> {hybrid.name = "s"},
// CHECK-SAME: %[[Y:[^:]*]]: memref<?x3xf32> {hybrid.name = "y"}, %[[WEIGHTS:[^:]*]]: memref<?xi8>, %{{.*}}: memref<?xi8>) -> i32
// CHECK-SAME: hybrid.num_inputs = 2
// CHECK: %[[T:.*]] = bufferization.to_tensor %[[X]] restrict : memref<?x3xf32> to tensor<?x3xf32>
// CHECK: hybrid.check %{{.*}}, "input 's' dimension 0: expected that of 'x'" {hybrid.code = -1 : i32}
// CHECK: memref.view %[[WEIGHTS]][%{{.*}}][] : memref<?xi8> to memref<3xf32>
// CHECK: bufferization.materialize_in_destination %{{.*}} in restrict writable %[[Y]]
// CHECK: return %{{.*}} : i32

// The plan function has the check and the shape of the output, and no tensors.
// CHECK-LABEL: func.func @main_plan(
// CHECK-SAME: %[[DIMS:.*]]: memref<?xi64>, %[[OUT:.*]]: memref<?xi64>) -> i64
// CHECK-NOT: tensor<
// CHECK: hybrid.check %{{.*}} {hybrid.code = -1 : i32}
// CHECK: memref.store %{{.*}}, %[[OUT]]
// CHECK: memref.store %{{.*}}, %[[OUT]]
func.func @main(%x: tensor<?x3xf32> {hybrid.name = "x"}, %s: tensor<?xf32> {hybrid.name = "s"})
    -> (tensor<?x3xf32> {hybrid.name = "y"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %m = tensor.dim %s, %c0 : tensor<?xf32>
  %same = arith.cmpi eq, %n, %m : index
  hybrid.check %same, "input 's' dimension 0: expected that of 'x'"
  %a = hybrid.load_weight @a : tensor<3xf32>
  %b = hybrid.load_weight @b : tensor<3xf32>
  %e = tensor.empty(%n) : tensor<?x3xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %a, %b : tensor<?x3xf32>, tensor<3xf32>, tensor<3xf32>) outs(%e : tensor<?x3xf32>) {
  ^bb0(%p: f32, %q: f32, %r: f32, %o: f32):
    %t = arith.mulf %p, %q : f32
    %u = arith.addf %t, %r : f32
    linalg.yield %u : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// -----

// An input that is updated in place is copied first: inputs are never written.
// CHECK-LABEL: func.func @main(
// CHECK: %[[IN:.*]] = bufferization.to_tensor
// CHECK: %[[COPY:.*]] = linalg.copy ins(%[[IN]]
// CHECK: linalg.generic {{.*}} outs(%[[COPY]] : tensor<4xf32>)
func.func @main(%state: tensor<4xf32> {hybrid.name = "state"}) -> (tensor<4xf32> {hybrid.name = "next"}) {
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%state : tensor<4xf32>) {
  ^bb0(%o: f32):
    %t = arith.addf %o, %o : f32
    linalg.yield %t : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{output 'y' dimension 0 depends on values that are only known when the model runs}}
func.func @main(%n: tensor<index> {hybrid.name = "n"}) -> (tensor<?xf32> {hybrid.name = "y"}) {
  %size = tensor.extract %n[] : tensor<index>
  %e = tensor.empty(%size) : tensor<?xf32>
  return %e : tensor<?xf32>
}
