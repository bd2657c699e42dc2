// onnx.ScatterND: the node test test_scatternd, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.ScatterND
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<4x4x4xf32> {onnx.dims = ["4", "4", "4"], onnx.name = "data"}, %arg1: tensor<2x1xi64> {onnx.dims = ["2", "1"], onnx.name = "indices"}, %arg2: tensor<2x4x4xf32> {onnx.dims = ["2", "4", "4"], onnx.name = "updates"}) -> (tensor<4x4x4xf32> {onnx.name = "y"}) {
    %0 = onnx.ScatterND %arg0, %arg1, %arg2 : (tensor<4x4x4xf32>, tensor<2x1xi64>, tensor<2x4x4xf32>) -> tensor<4x4x4xf32>
    return %0 : tensor<4x4x4xf32>
  }
}
