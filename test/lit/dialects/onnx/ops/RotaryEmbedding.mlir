// onnx.RotaryEmbedding: the node test test_rotary_embedding_no_position_ids, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.RotaryEmbedding
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x4x3x8xf32> {onnx.dims = ["2", "4", "3", "8"], onnx.name = "input"}, %arg1: tensor<2x3x4xf32> {onnx.dims = ["2", "3", "4"], onnx.name = "cos_cache"}, %arg2: tensor<2x3x4xf32> {onnx.dims = ["2", "3", "4"], onnx.name = "sin_cache"}) -> (tensor<2x4x3x8xf32> {onnx.name = "output"}) {
    %0 = onnx.None : none
    %1 = onnx.RotaryEmbedding %arg0, %arg1, %arg2, %0 : (tensor<2x4x3x8xf32>, tensor<2x3x4xf32>, tensor<2x3x4xf32>, none) -> tensor<2x4x3x8xf32>
    return %1 : tensor<2x4x3x8xf32>
  }
}
