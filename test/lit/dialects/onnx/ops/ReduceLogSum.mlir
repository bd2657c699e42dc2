// onnx.ReduceLogSum: the node test test_reduce_log_sum_default, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK: onnx.ReduceLogSum
module {
  func.func @main(%arg0: tensor<3x4x5xf32> {onnx.dims = ["3", "4", "5"], onnx.name = "data"}, %arg1: tensor<0xi64> {onnx.dims = ["0"], onnx.name = "axes"}) -> (tensor<?x?x?xf32> {onnx.name = "reduced"}) {
    %0 = onnx.ReduceLogSum %arg0, %arg1 : (tensor<3x4x5xf32>, tensor<0xi64>) -> tensor<?x?x?xf32>
    return %0 : tensor<?x?x?xf32>
  }
}
