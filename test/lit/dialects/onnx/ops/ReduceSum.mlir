// onnx.ReduceSum: the node test test_reduce_sum_empty_set, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK: onnx.ReduceSum
module {
  func.func @main(%arg0: tensor<2x0x4xf32> {onnx.dims = ["2", "0", "4"], onnx.name = "data"}, %arg1: tensor<1xi64> {onnx.dims = ["1"], onnx.name = "axes"}) -> (tensor<?x?x?xf32> {onnx.name = "reduced"}) {
    %0 = onnx.ReduceSum %arg0, %arg1 : (tensor<2x0x4xf32>, tensor<1xi64>) -> tensor<?x?x?xf32>
    return %0 : tensor<?x?x?xf32>
  }
}
