// onnx.Attention: the node test test_attention_4d, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Attention
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x3x4x8xf32> {onnx.dims = ["2", "3", "4", "8"], onnx.name = "Q"}, %arg1: tensor<2x3x6x8xf32> {onnx.dims = ["2", "3", "6", "8"], onnx.name = "K"}, %arg2: tensor<2x3x6x8xf32> {onnx.dims = ["2", "3", "6", "8"], onnx.name = "V"}) -> (tensor<2x3x4x8xf32> {onnx.name = "Y"}) {
    %0 = onnx.None : none
    %Y = onnx.Attention %arg0, %arg1, %arg2, %0, %0, %0, %0 : (tensor<2x3x4x8xf32>, tensor<2x3x6x8xf32>, tensor<2x3x6x8xf32>, none, none, none, none) -> tensor<2x3x4x8xf32>
    return %Y : tensor<2x3x4x8xf32>
  }
}
