// onnx.ScatterElements: the node test test_scatter_elements_without_axis, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.ScatterElements
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x3xf32> {onnx.dims = ["3", "3"], onnx.name = "data"}, %arg1: tensor<2x3xi64> {onnx.dims = ["2", "3"], onnx.name = "indices"}, %arg2: tensor<2x3xf32> {onnx.dims = ["2", "3"], onnx.name = "updates"}) -> (tensor<3x3xf32> {onnx.name = "y"}) {
    %0 = onnx.ScatterElements %arg0, %arg1, %arg2 : (tensor<3x3xf32>, tensor<2x3xi64>, tensor<2x3xf32>) -> tensor<3x3xf32>
    return %0 : tensor<3x3xf32>
  }
}
