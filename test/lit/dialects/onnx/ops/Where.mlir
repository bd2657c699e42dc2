// onnx.Where: the node test test_where_example, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Where
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x2xi1> {onnx.dims = ["2", "2"], onnx.name = "condition"}, %arg1: tensor<2x2xf32> {onnx.dims = ["2", "2"], onnx.name = "x"}, %arg2: tensor<2x2xf32> {onnx.dims = ["2", "2"], onnx.name = "y"}) -> (tensor<2x2xf32> {onnx.name = "z"}) {
    %0 = onnx.Where %arg0, %arg1, %arg2 : (tensor<2x2xi1>, tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  }
}
