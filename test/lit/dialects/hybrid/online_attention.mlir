// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @online
func.func @online(%q: tensor<1x2x4x3x16xbf16>, %k: tensor<1x2x9x16xbf16>, %acc: tensor<1x2x4x3x16xf32>,
                  %max: tensor<1x2x4x3xf32>, %sum: tensor<1x2x4x3xf32>)
    -> (tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>) {
  // CHECK: hybrid.online_attention ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x2x4x3x16xbf16>, tensor<1x2x9x16xbf16>, tensor<1x2x9x16xbf16>)
  // CHECK-SAME: outs(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>)
  // CHECK-SAME: {mask = #hybrid.mask<causal>, scale = 5.000000e-01 : f32}
  %0:3 = hybrid.online_attention ins(%q, %k, %k : tensor<1x2x4x3x16xbf16>, tensor<1x2x9x16xbf16>, tensor<1x2x9x16xbf16>)
      outs(%acc, %max, %sum : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>}
      -> tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
  return %0#0, %0#1, %0#2 : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
}
