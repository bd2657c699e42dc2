// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-linalg-to-loops,canonicalize))' | FileCheck %s

// Columns innermost: they lie along memory in the right side and in the result.
// CHECK-LABEL: func.func @matmul
// CHECK: scf.parallel (%[[I:.*]], %[[BLOCK:.*]]) = {{.*}} step (%{{.*}}, %c256)
// CHECK: scf.for %[[K:.*]] = %c0 to %c8
// CHECK: scf.for %[[J:.*]] = %[[BLOCK]] to
// CHECK: memref.load %{{.*}}[%[[I]], %[[K]]]
// CHECK: memref.load %{{.*}}[%[[K]], %[[J]]]
// CHECK: memref.load %{{.*}}[%[[I]], %[[J]]]
// CHECK: memref.store
func.func @matmul(%a: memref<?x8xf32>, %b: memref<8x?xf32>, %c: memref<?x?xf32>) {
  linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x?xf32>) outs(%c : memref<?x?xf32>)
  return
}

// A sum along memory stays in a register.
// CHECK-LABEL: func.func @row_sums
// CHECK: scf.parallel (%[[I:.*]]) =
// CHECK: %[[INIT:.*]] = memref.load %{{.*}}[%[[I]]]
// CHECK: %[[SUM:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[INIT]])
// CHECK-NOT: memref.store
// CHECK: scf.yield
// CHECK: memref.store %[[SUM]]
func.func @row_sums(%a: memref<?x64xf32>, %s: memref<?xf32>) {
  linalg.reduce { arith.addf } ins(%a : memref<?x64xf32>) outs(%s : memref<?xf32>) dimensions = [1]
  return
}

// One dimension is cut into blocks for the threads.
// CHECK-LABEL: func.func @vector
// CHECK: scf.parallel (%[[B:.*]]) = {{.*}} step (%c256)
// CHECK: scf.for %{{.*}} = %[[B]] to
func.func @vector(%a: memref<?xf32>, %b: memref<?xf32>) {
  linalg.exp ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
  return
}

// CHECK-LABEL: func.func @strided_copy
// CHECK-NOT: memref.copy
// CHECK: scf.parallel
func.func @strided_copy(%a: memref<4x4xf32, strided<[?, 1]>>, %b: memref<4x4xf32>) {
  memref.copy %a, %b : memref<4x4xf32, strided<[?, 1]>> to memref<4x4xf32>
  return
}

// An output that the reduction loops index is read and written in the body; the
// other one is a sum in a register.
// CHECK-LABEL: func.func @sum_and_map
// CHECK: %[[SUM:.*]] = scf.for
// CHECK: memref.store
// CHECK: scf.yield
// CHECK: memref.store %[[SUM]]
func.func @sum_and_map(%a: memref<?x64xf32>, %s: memref<?xf32>, %b: memref<?x64xf32>) {
  linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "reduction"]}
      ins(%a : memref<?x64xf32>) outs(%s, %b : memref<?xf32>, memref<?x64xf32>) {
  ^bb0(%x: f32, %sum: f32, %old: f32):
    %0 = arith.addf %sum, %x : f32
    %1 = arith.addf %old, %x : f32
    linalg.yield %0, %1 : f32, f32
  }
  return
}
