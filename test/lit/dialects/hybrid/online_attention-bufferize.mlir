// RUN: jarana-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// CHECK-LABEL: func @in_place
// CHECK-SAME: %[[ACC:[^ ]+]]: memref<1x2x4x3x16xf32>, %[[MAX:[^ ]+]]: memref<1x2x4x3xf32>, %[[SUM:[^ ]+]]: memref<1x2x4x3xf32>)
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: hybrid.online_attention {{.*}} outs(%[[ACC]], %[[MAX]], %[[SUM]] :
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return
func.func @in_place(%q: tensor<1x2x4x3x16xf32>, %k: tensor<1x2x9x16xf32>, %acc: tensor<1x2x4x3x16xf32>,
                    %max: tensor<1x2x4x3xf32>, %sum: tensor<1x2x4x3xf32>)
    -> (tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>) {
  %0:3 = hybrid.online_attention ins(%q, %k, %k : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      outs(%acc, %max, %sum : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>)
      {scale = 0.5 : f32} -> tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
  return %0#0, %0#1, %0#2 : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
}
