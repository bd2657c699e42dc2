// RUN: jarana-opt %s --verify-passes --canonicalize | FileCheck %s

// An offset of 0 is the default, and without a mask there is no use for any.
// CHECK-LABEL: func @no_use
// CHECK-COUNT-2: hybrid.attention ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>) outs(
func.func @no_use(%q: tensor<1x2x4x3x16xf32>, %k: tensor<1x2x9x16xf32>, %o: tensor<i64>, %y: tensor<1x2x4x3x16xf32>)
    -> (tensor<1x2x4x3x16xf32>, tensor<1x2x4x3x16xf32>) {
  %zero = arith.constant dense<0> : tensor<i64>
  %0 = hybrid.attention ins(%q, %k, %k : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      query_offset(%zero : tensor<i64>) outs(%y : tensor<1x2x4x3x16xf32>)
      {scale = 1.0 : f32, mask = #hybrid.mask<causal>} -> tensor<1x2x4x3x16xf32>
  %1 = hybrid.attention ins(%q, %k, %k : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      query_offset(%o : tensor<i64>) outs(%y : tensor<1x2x4x3x16xf32>) {scale = 1.0 : f32} -> tensor<1x2x4x3x16xf32>
  return %0, %1 : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3x16xf32>
}

// CHECK-LABEL: func @needed
// CHECK: query_offset(
func.func @needed(%q: tensor<1x2x4x3x16xf32>, %k: tensor<1x2x9x16xf32>, %o: tensor<i64>, %y: tensor<1x2x4x3x16xf32>) -> tensor<1x2x4x3x16xf32> {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      query_offset(%o : tensor<i64>) outs(%y : tensor<1x2x4x3x16xf32>)
      {scale = 1.0 : f32, mask = #hybrid.mask<causal>} -> tensor<1x2x4x3x16xf32>
  return %0 : tensor<1x2x4x3x16xf32>
}
