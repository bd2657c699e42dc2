// onnx.GatherElements: the node test test_gather_elements_0, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.GatherElements
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x2xf32> {onnx.dims = ["2", "2"], onnx.name = "data"}, %arg1: tensor<2x2xi64> {onnx.dims = ["2", "2"], onnx.name = "indices"}) -> (tensor<2x2xf32> {onnx.name = "y"}) {
    %0 = onnx.GatherElements %arg0, %arg1 {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2x2xi64>) -> tensor<2x2xf32>
    return %0 : tensor<2x2xf32>
  }
}
