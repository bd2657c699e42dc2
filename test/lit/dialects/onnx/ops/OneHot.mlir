// onnx.OneHot: the node test test_onehot_without_axis, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.OneHot
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3xi64> {onnx.dims = ["3"], onnx.name = "indices"}, %arg1: tensor<f32> {onnx.dims = [], onnx.name = "depth"}, %arg2: tensor<2xi32> {onnx.dims = ["2"], onnx.name = "values"}) -> (tensor<3x?xi32> {onnx.name = "y"}) {
    %0 = onnx.OneHot %arg0, %arg1, %arg2 : (tensor<3xi64>, tensor<f32>, tensor<2xi32>) -> tensor<3x?xi32>
    return %0 : tensor<3x?xi32>
  }
}
