// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @interleaved
func.func @interleaved(%x: tensor<?x?x4x16xf32>, %cos: tensor<1x?x4xf32>, %y: tensor<?x?x4x16xf32>)
    -> tensor<?x?x4x16xf32> {
  // CHECK: hybrid.rotary_embedding ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x?x4x16xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x?x4x16xf32>) {mode = #hybrid.rotary_mode<interleaved>, rotary_dim = 8 : i64}
  %0 = hybrid.rotary_embedding ins(%x, %cos, %cos : tensor<?x?x4x16xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>)
      outs(%y : tensor<?x?x4x16xf32>) {rotary_dim = 8, mode = #hybrid.rotary_mode<interleaved>}
      -> tensor<?x?x4x16xf32>
  return %0 : tensor<?x?x4x16xf32>
}

// CHECK-LABEL: func @half
func.func @half(%x: tensor<2x5x4x16xbf16>, %cos: tensor<2x5x8xf32>, %y: tensor<2x5x4x16xbf16>)
    -> tensor<2x5x4x16xbf16> {
  // CHECK: hybrid.rotary_embedding
  // CHECK-SAME: {rotary_dim = 16 : i64}
  %0 = hybrid.rotary_embedding ins(%x, %cos, %cos : tensor<2x5x4x16xbf16>, tensor<2x5x8xf32>, tensor<2x5x8xf32>)
      outs(%y : tensor<2x5x4x16xbf16>) {rotary_dim = 16} -> tensor<2x5x4x16xbf16>
  return %0 : tensor<2x5x4x16xbf16>
}
