// onnx.Or: the node test test_or2d, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Or
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4xi1> {onnx.dims = ["3", "4"], onnx.name = "x"}, %arg1: tensor<3x4xi1> {onnx.dims = ["3", "4"], onnx.name = "y"}) -> (tensor<3x4xi1> {onnx.name = "or"}) {
    %0 = onnx.Or %arg0, %arg1 : (tensor<3x4xi1>, tensor<3x4xi1>) -> tensor<3x4xi1>
    return %0 : tensor<3x4xi1>
  }
}
