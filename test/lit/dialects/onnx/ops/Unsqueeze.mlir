// onnx.Unsqueeze: the node test test_unsqueeze_axis_0, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK: onnx.Unsqueeze
module {
  func.func @main(%arg0: tensor<3x4x5xf32> {onnx.dims = ["3", "4", "5"], onnx.name = "x"}, %arg1: tensor<1xi64> {onnx.dims = ["1"], onnx.name = "axes"}) -> (tensor<?x?x?x?xf32> {onnx.name = "y"}) {
    %0 = onnx.Unsqueeze %arg0, %arg1 : (tensor<3x4x5xf32>, tensor<1xi64>) -> tensor<?x?x?x?xf32>
    return %0 : tensor<?x?x?x?xf32>
  }
}
