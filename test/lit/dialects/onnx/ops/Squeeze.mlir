// onnx.Squeeze: the node test test_squeeze, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK: onnx.Squeeze
module {
  func.func @main(%arg0: tensor<1x3x4x5xf32> {onnx.dims = ["1", "3", "4", "5"], onnx.name = "x"}, %arg1: tensor<1xi64> {onnx.dims = ["1"], onnx.name = "axes"}) -> (tensor<?x?x?xf32> {onnx.name = "y"}) {
    %0 = onnx.Squeeze %arg0, %arg1 : (tensor<1x3x4x5xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
    return %0 : tensor<?x?x?xf32>
  }
}
