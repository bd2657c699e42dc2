// onnx.Gelu: the node test test_gelu_default_1, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Gelu
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3xf32> {onnx.dims = ["3"], onnx.name = "x"}) -> (tensor<3xf32> {onnx.name = "y"}) {
    %0 = onnx.Gelu %arg0 : (tensor<3xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  }
}
