// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-order-outputs))' | FileCheck %s

// CHECK-LABEL: func.func @chain(
// CHECK-SAME: %{{.*}}: memref<4xf32>, %[[O0:.*]]: memref<4xf32>, %[[O1:.*]]: memref<4xf32>, %{{.*}}: memref<?xi8>, %{{.*}}: memref<?xi8>)
// CHECK: memref.copy %[[O0]], %[[O1]]
// CHECK-NEXT: memref.copy %{{.*}}, %[[O0]]
// CHECK-NEXT: return
func.func @chain(%x: memref<4xf32>, %o0: memref<4xf32>, %o1: memref<4xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 1 : i64} {
  %ok = arith.constant 0 : i32
  %a = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%a : memref<4xf32>)
  linalg.exp ins(%a : memref<4xf32>) outs(%o0 : memref<4xf32>)
  memref.copy %a, %o0 : memref<4xf32> to memref<4xf32>
  memref.copy %o0, %o1 : memref<4xf32> to memref<4xf32>
  return %ok : i32
}

// Each was computed in the other's place.
// CHECK-LABEL: func.func @swapped(
// CHECK-SAME: %{{.*}}: memref<4xf32>, %[[O0:.*]]: memref<4xf32>, %[[O1:.*]]: memref<4xf32>, %{{.*}}: memref<?xi8>, %{{.*}}: memref<?xi8>)
// CHECK: %[[T:.*]] = memref.alloc() : memref<4xf32>
// CHECK: memref.copy %[[O1]], %[[T]]
// CHECK: memref.copy %[[O0]], %[[O1]]
// CHECK-NEXT: memref.copy %[[T]], %[[O0]]
func.func @swapped(%x: memref<4xf32>, %o0: memref<4xf32>, %o1: memref<4xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 1 : i64} {
  %ok = arith.constant 0 : i32
  linalg.exp ins(%x : memref<4xf32>) outs(%o0 : memref<4xf32>)
  linalg.abs ins(%x : memref<4xf32>) outs(%o1 : memref<4xf32>)
  memref.copy %o1, %o0 : memref<4xf32> to memref<4xf32>
  memref.copy %o0, %o1 : memref<4xf32> to memref<4xf32>
  return %ok : i32
}
