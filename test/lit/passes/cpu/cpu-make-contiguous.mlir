// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-make-contiguous))' | FileCheck %s

// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[X:[^:]*]]: memref<?x64xf32, strided<[1, ?]>>, %[[W:[^:]*]]: memref<1x64x16xf32>, %[[Y:[^:]*]]: memref<?x16xf32, strided<[1, ?]>>)
// CHECK: %[[XC:.*]] = memref.alloc(%{{.*}}) : memref<?x64xf32>
// CHECK: memref.copy %[[X]], %[[XC]]
// CHECK: %[[YC:.*]] = memref.alloc(%{{.*}}) : memref<?x16xf32>
// CHECK: hybrid.packed_matmul ins(%[[XC]], %[[W]] : {{.*}}) outs(%[[YC]] : memref<?x16xf32>)
// CHECK: memref.copy %[[YC]], %[[Y]]
func.func @columns(%x: memref<?x64xf32, strided<[1, ?]>>, %w: memref<1x64x16xf32>, %y: memref<?x16xf32, strided<[1, ?]>>) {
  hybrid.packed_matmul ins(%x, %w : memref<?x64xf32, strided<[1, ?]>>, memref<1x64x16xf32>) outs(%y : memref<?x16xf32, strided<[1, ?]>>)
  return
}
