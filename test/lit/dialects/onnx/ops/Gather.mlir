// onnx.Gather: the node test test_gather_negative_indices, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Gather
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<10xf32> {onnx.dims = ["10"], onnx.name = "data"}, %arg1: tensor<3xi64> {onnx.dims = ["3"], onnx.name = "indices"}) -> (tensor<3xf32> {onnx.name = "y"}) {
    %0 = onnx.Gather %arg0, %arg1 : (tensor<10xf32>, tensor<3xi64>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  }
}
