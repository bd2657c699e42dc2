// onnx.Reshape: the node test test_reshape_one_dim, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Reshape
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x3x4xf32> {onnx.dims = ["2", "3", "4"], onnx.name = "data"}, %arg1: tensor<1xi64> {onnx.dims = ["1"], onnx.name = "shape"}) -> (tensor<24xf32> {onnx.name = "reshaped"}) {
    %0 = onnx.Reshape %arg0, %arg1 : (tensor<2x3x4xf32>, tensor<1xi64>) -> tensor<24xf32>
    return %0 : tensor<24xf32>
  }
}
