// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// The rows of the caches are looked up by position, and positions are checked.
// CHECK-LABEL: func.func @positions
// CHECK: hybrid.check %{{.*}}, "RotaryEmbedding node '': a position is outside the 64 rows of the cos and sin caches"
// CHECK: %[[COS:.*]] = linalg.generic
// CHECK: tensor.extract %arg1
// CHECK: hybrid.rotary_embedding ins({{.*}} : tensor<?x?x4x16xf32>, tensor<?x?x4xf32>, tensor<?x?x4xf32>) outs({{.*}}) {rotary_dim = 8 : i64}
func.func @positions(%x: tensor<?x?x64xf32> {onnx.name = "x", onnx.dims = ["b", "l", "64"]}, %cos: tensor<64x4xf32> {onnx.name = "cos", onnx.dims = ["64", "4"]},
    %sin: tensor<64x4xf32> {onnx.name = "sin", onnx.dims = ["64", "4"]}, %ids: tensor<?x?xi64> {onnx.name = "ids", onnx.dims = ["b", "l"]}) -> (tensor<?x?x64xf32> {onnx.name = "y"}) {
  %0 = onnx.RotaryEmbedding %x, %cos, %sin, %ids {interleaved = 0 : i64, num_heads = 4 : i64, rotary_embedding_dim = 8 : i64}
      : (tensor<?x?x64xf32>, tensor<64x4xf32>, tensor<64x4xf32>, tensor<?x?xi64>) -> tensor<?x?x64xf32>
  return %0 : tensor<?x?x64xf32>
}

// -----

// Heads first; caches of batch 1 serve every sequence.
// CHECK-LABEL: func.func @shared
// CHECK: hybrid.rotary_embedding ins({{.*}} : tensor<2x5x3x8xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>) outs({{.*}}) {mode = #hybrid.rotary_mode<interleaved>, rotary_dim = 8 : i64}
func.func @shared(%x: tensor<2x3x5x8xf32> {onnx.name = "x", onnx.dims = ["2", "3", "5", "8"]}, %cos: tensor<1x5x4xf32> {onnx.name = "cos", onnx.dims = ["1", "5", "4"]},
    %sin: tensor<1x5x4xf32> {onnx.name = "sin", onnx.dims = ["1", "5", "4"]}) -> (tensor<2x3x5x8xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %0 = onnx.RotaryEmbedding %x, %cos, %sin, %none {interleaved = 1 : i64, rotary_embedding_dim = 0 : i64}
      : (tensor<2x3x5x8xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>, none) -> tensor<2x3x5x8xf32>
  return %0 : tensor<2x3x5x8xf32>
}
