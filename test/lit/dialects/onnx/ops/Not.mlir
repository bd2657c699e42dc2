// onnx.Not: the node test test_not_2d, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Not
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4xi1> {onnx.dims = ["3", "4"], onnx.name = "x"}) -> (tensor<3x4xi1> {onnx.name = "not"}) {
    %0 = onnx.Not %arg0 : (tensor<3x4xi1>) -> tensor<3x4xi1>
    return %0 : tensor<3x4xi1>
  }
}
