// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @with_bias
func.func @with_bias(%input: tensor<?x?x160xf32>, %weight: tensor<160x4xf32>, %bias: tensor<160xf32>,
                     %y: tensor<?x?x160xf32>, %s: tensor<?x3x160xf32>)
    -> (tensor<?x?x160xf32>, tensor<?x3x160xf32>) {
  // CHECK: hybrid.causal_conv1d ins(%{{.*}}, %{{.*}} : tensor<?x?x160xf32>, tensor<160x4xf32>)
  // CHECK-SAME: bias(%{{.*}} : tensor<160xf32>)
  // CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<?x?x160xf32>, tensor<?x3x160xf32>)
  // CHECK-SAME: {activation = #hybrid.activation<silu>}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<?x?x160xf32>, tensor<160x4xf32>)
      bias(%bias : tensor<160xf32>)
      outs(%y, %s : tensor<?x?x160xf32>, tensor<?x3x160xf32>) {activation = #hybrid.activation<silu>}
      -> tensor<?x?x160xf32>, tensor<?x3x160xf32>
  return %0#0, %0#1 : tensor<?x?x160xf32>, tensor<?x3x160xf32>
}

// Defaults are not printed.
// CHECK-LABEL: func @plain
func.func @plain(%input: tensor<1x5x6xbf16>, %weight: tensor<6x1xbf16>, %y: tensor<1x5x6xbf16>,
                 %s: tensor<1x0x6xf32>) -> (tensor<1x5x6xbf16>, tensor<1x0x6xf32>) {
  // CHECK: hybrid.causal_conv1d
  // CHECK-NOT: activation
  // CHECK: return
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<1x5x6xbf16>, tensor<6x1xbf16>)
      outs(%y, %s : tensor<1x5x6xbf16>, tensor<1x0x6xf32>) {activation = #hybrid.activation<none>}
      -> tensor<1x5x6xbf16>, tensor<1x0x6xf32>
  return %0#0, %0#1 : tensor<1x5x6xbf16>, tensor<1x0x6xf32>
}
