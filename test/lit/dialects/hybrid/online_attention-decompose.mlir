// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @online
// CHECK-SAME: %[[ACC:[^ ]+]]: tensor<1x2x4x3x16xf32>, %[[MAX:[^ ]+]]: tensor<1x2x4x3xf32>, %[[SUM:[^ ]+]]: tensor<1x2x4x3xf32>)
// The new maximum starts from the old one; what was summed is scaled by exp(old - new).
// CHECK: arith.maximumf
// CHECK: %[[KEEP:.*]] = linalg.generic {{.*}} ins(%[[MAX]], %{{.*}} :
// CHECK: linalg.generic {{.*}} ins(%[[KEEP]] : {{.*}}) outs(%[[SUM]] :
// CHECK: linalg.generic {{.*}} ins(%[[KEEP]] : {{.*}}) outs(%[[ACC]] :
// CHECK: linalg.copy ins(%{{.*}}) outs(%[[MAX]] :
func.func @online(%q: tensor<1x2x4x3x16xf32>, %k: tensor<1x2x9x16xf32>, %acc: tensor<1x2x4x3x16xf32>,
                  %max: tensor<1x2x4x3xf32>, %sum: tensor<1x2x4x3xf32>)
    -> (tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>) {
  %0:3 = hybrid.online_attention ins(%q, %k, %k : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      outs(%acc, %max, %sum : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>)
      {scale = 0.5 : f32} -> tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
  return %0#0, %0#1, %0#2 : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
}
