// onnx.Div: the node test test_div_example, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Div
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2xf32> {onnx.dims = ["2"], onnx.name = "x"}, %arg1: tensor<2xf32> {onnx.dims = ["2"], onnx.name = "y"}) -> (tensor<2xf32> {onnx.name = "z"}) {
    %0 = onnx.Div %arg0, %arg1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}
