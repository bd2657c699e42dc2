// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @all_operands
func.func @all_operands(%q: tensor<?x2x4x?x16xf32>, %k: tensor<?x2x?x16xf32>, %v: tensor<?x2x?x8xf32>,
                        %bias: tensor<?x1x1x?x?xf32>, %offset: tensor<?xi64>,
                        %y: tensor<?x2x4x?x8xf32>) -> tensor<?x2x4x?x8xf32> {
  // CHECK: hybrid.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x2x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x8xf32>)
  // CHECK-SAME: bias(%{{.*}} : tensor<?x1x1x?x?xf32>)
  // CHECK-SAME: query_offset(%{{.*}} : tensor<?xi64>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x2x4x?x8xf32>)
  // CHECK-SAME: {mask = #hybrid.mask<causal>, scale = 2.500000e-01 : f32, softcap = 5.000000e+01 : f32}
  %0 = hybrid.attention ins(%q, %k, %v : tensor<?x2x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x8xf32>)
      bias(%bias : tensor<?x1x1x?x?xf32>) query_offset(%offset : tensor<?xi64>)
      outs(%y : tensor<?x2x4x?x8xf32>)
      {scale = 0.25 : f32, mask = #hybrid.mask<causal>, softcap = 50.0 : f32} -> tensor<?x2x4x?x8xf32>
  return %0 : tensor<?x2x4x?x8xf32>
}

// CHECK-LABEL: func @offset_only
func.func @offset_only(%q: tensor<1x2x4x3x16xf32>, %k: tensor<1x2x9x16xf32>, %offset: tensor<i64>,
                       %y: tensor<1x2x4x3x16xf32>) -> tensor<1x2x4x3x16xf32> {
  // CHECK: hybrid.attention
  // CHECK-NOT: bias(
  // CHECK-SAME: query_offset(%{{.*}} : tensor<i64>)
  // CHECK-SAME: {scale = 1.000000e+00 : f32}
  %0 = hybrid.attention ins(%q, %k, %k : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      query_offset(%offset : tensor<i64>) outs(%y : tensor<1x2x4x3x16xf32>) {scale = 1.0 : f32}
      -> tensor<1x2x4x3x16xf32>
  return %0 : tensor<1x2x4x3x16xf32>
}

// CHECK-LABEL: func @sink_and_window
func.func @sink_and_window(%q: tensor<1x2x4x?x16xf32>, %k: tensor<1x2x?x16xf32>, %sink: tensor<2x4xf32>,
                           %y: tensor<1x2x4x?x16xf32>) -> tensor<1x2x4x?x16xf32> {
  // CHECK: hybrid.attention
  // CHECK-SAME: sink(%{{.*}} : tensor<2x4xf32>) outs(
  // CHECK-SAME: {mask = #hybrid.mask<causal>, scale = 1.000000e+00 : f32, window = 128 : i64}
  %0 = hybrid.attention ins(%q, %k, %k : tensor<1x2x4x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
      sink(%sink : tensor<2x4xf32>) outs(%y : tensor<1x2x4x?x16xf32>)
      {scale = 1.0 : f32, mask = #hybrid.mask<causal>, window = 128} -> tensor<1x2x4x?x16xf32>
  return %0 : tensor<1x2x4x?x16xf32>
}
