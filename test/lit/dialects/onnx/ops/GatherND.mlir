// onnx.GatherND: the node test test_gathernd_example_int32, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.GatherND
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x2xi32> {onnx.dims = ["2", "2"], onnx.name = "data"}, %arg1: tensor<2x2xi64> {onnx.dims = ["2", "2"], onnx.name = "indices"}) -> (tensor<2xi32> {onnx.name = "output"}) {
    %0 = onnx.GatherND %arg0, %arg1 : (tensor<2x2xi32>, tensor<2x2xi64>) -> tensor<2xi32>
    return %0 : tensor<2xi32>
  }
}
