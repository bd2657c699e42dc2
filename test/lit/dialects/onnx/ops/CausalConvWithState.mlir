// onnx.CausalConvWithState: the node test test_causal_conv_with_state_basic, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.CausalConvWithState
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x4x8xf32> {onnx.dims = ["2", "4", "8"], onnx.name = "input"}, %arg1: tensor<4x1x4xf32> {onnx.dims = ["4", "1", "4"], onnx.name = "weight"}) -> (tensor<2x4x8xf32> {onnx.name = "output"}, tensor<2x4x3xf32> {onnx.name = "present_state"}) {
    %0 = onnx.None : none
    %output, %present_state = onnx.CausalConvWithState %arg0, %arg1, %0, %0 : (tensor<2x4x8xf32>, tensor<4x1x4xf32>, none, none) -> (tensor<2x4x8xf32>, tensor<2x4x3xf32>)
    return %output, %present_state : tensor<2x4x8xf32>, tensor<2x4x3xf32>
  }
}
