// onnx.LeakyRelu: the node test test_leakyrelu_default, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.LeakyRelu
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4x5xf32> {onnx.dims = ["3", "4", "5"], onnx.name = "x"}) -> (tensor<3x4x5xf32> {onnx.name = "y"}) {
    %0 = onnx.LeakyRelu %arg0 : (tensor<3x4x5xf32>) -> tensor<3x4x5xf32>
    return %0 : tensor<3x4x5xf32>
  }
}
