// onnx.ReduceMean: the node test test_reduce_mean_keepdims_random, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK: onnx.ReduceMean
module {
  func.func @main(%arg0: tensor<3x2x2xf32> {onnx.dims = ["3", "2", "2"], onnx.name = "data"}, %arg1: tensor<1xi64> {onnx.dims = ["1"], onnx.name = "axes"}) -> (tensor<?x?x?xf32> {onnx.name = "reduced"}) {
    %0 = onnx.ReduceMean %arg0, %arg1 : (tensor<3x2x2xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
    return %0 : tensor<?x?x?xf32>
  }
}
