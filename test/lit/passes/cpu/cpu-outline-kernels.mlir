// RUN: jarana-opt %s --cpu-outline-kernels | FileCheck %s

// Equal ops share a kernel; another type, or another constant, is another one.
// CHECK-LABEL: func.func private @kernel_0(
// CHECK-SAME: %[[A:.*]]: memref<8xf32>, %[[B:.*]]: memref<8xf32>)
// CHECK: linalg.exp ins(%[[A]] : memref<8xf32>) outs(%[[B]] : memref<8xf32>)
// CHECK-LABEL: func.func private @kernel_1(%{{.*}}: memref<4xf32>)
// CHECK-LABEL: func.func private @kernel_2(%{{.*}}: memref<8xf32>)
// CHECK: arith.constant 1.000000e+00 : f32
// CHECK: linalg.fill
// CHECK-LABEL: func.func @main
// CHECK: call @kernel_0(%[[P:.*]], %[[Q:.*]]) :
// CHECK-NEXT: call @kernel_0(%[[Q]], %[[P]])
// CHECK-NEXT: call @kernel_1
// CHECK-NEXT: call @kernel_2
// CHECK: scf.for
// CHECK-NEXT: call @kernel_0
// CHECK-NOT: linalg
func.func @main(%a: memref<8xf32>, %b: memref<8xf32>, %c: memref<4xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c9 = arith.constant 9 : index
  %ok = arith.constant 0 : i32
  %one = arith.constant 1.0 : f32
  linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
  linalg.exp ins(%b : memref<8xf32>) outs(%a : memref<8xf32>)
  linalg.exp ins(%c : memref<4xf32>) outs(%c : memref<4xf32>)
  linalg.fill ins(%one : f32) outs(%a : memref<8xf32>)
  scf.for %i = %c0 to %c9 step %c1 {
    linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
  }
  return %ok : i32
}
