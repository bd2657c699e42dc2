// onnx.GreaterOrEqual: the node test test_greater_equal_bcast, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.GreaterOrEqual
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4x5xf32> {onnx.dims = ["3", "4", "5"], onnx.name = "x"}, %arg1: tensor<5xf32> {onnx.dims = ["5"], onnx.name = "y"}) -> (tensor<3x4x5xi1> {onnx.name = "greater_equal"}) {
    %0 = onnx.GreaterOrEqual %arg0, %arg1 : (tensor<3x4x5xf32>, tensor<5xf32>) -> tensor<3x4x5xi1>
    return %0 : tensor<3x4x5xi1>
  }
}
