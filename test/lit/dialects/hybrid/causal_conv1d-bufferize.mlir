// RUN: jarana-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// CHECK-LABEL: func @window_in_place
// CHECK-SAME: %[[Y:[^ ]+]]: memref<2x?x6xf32>, %[[S:[^ ]+]]: memref<2x3x6xf32>)
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: hybrid.causal_conv1d {{.*}} outs(%[[Y]], %[[S]] :
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return
func.func @window_in_place(%x: tensor<2x?x6xf32>, %w: tensor<6x4xf32>, %y: tensor<2x?x6xf32>, %s: tensor<2x3x6xf32>)
    -> (tensor<2x?x6xf32>, tensor<2x3x6xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<2x?x6xf32>, tensor<6x4xf32>)
      outs(%y, %s : tensor<2x?x6xf32>, tensor<2x3x6xf32>) -> tensor<2x?x6xf32>, tensor<2x3x6xf32>
  return %0#0, %0#1 : tensor<2x?x6xf32>, tensor<2x3x6xf32>
}
