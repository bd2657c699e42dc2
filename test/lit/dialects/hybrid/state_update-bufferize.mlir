// RUN: jarana-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s
// RUN: jarana-opt %s --cpu-decompose=all --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize | FileCheck %s --check-prefix=LINALG

// CHECK-LABEL: func @two_steps
// CHECK-SAME: %[[Y:[^ ]+]]: memref<2x1x8x16xf32>, %[[S:[^ ]+]]: memref<2x1x8x16x4xf32>)
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: hybrid.state_update {{.*}} outs(%[[Y]], %[[S]] :
// CHECK: hybrid.state_update {{.*}} outs(%[[Y]], %[[S]] :
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return

// Decomposed, too: only the decays of a step have a buffer of their own.
// LINALG-LABEL: func @two_steps
// LINALG-NOT: memref.copy
// LINALG-NOT: memref.alloc() {{.*}} : memref<2x1x8x16
// LINALG: return
func.func @two_steps(%x: tensor<2x1x8x16xf32>, %a: tensor<1x8xf32>, %b: tensor<2x1x4xf32>,
                     %y: tensor<2x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.state_update ins(%x, %a, %b, %b : tensor<2x1x8x16xf32>, tensor<1x8xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
      outs(%y, %s : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>) -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  %1:2 = hybrid.state_update ins(%x, %a, %b, %b : tensor<2x1x8x16xf32>, tensor<1x8xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
      outs(%0#0, %0#1 : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>) -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %1#0, %1#1 : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}
