// onnx.TopK: the node test test_top_k, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.TopK
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4xf32> {onnx.dims = ["3", "4"], onnx.name = "x"}, %arg1: tensor<1xi64> {onnx.dims = ["1"], onnx.name = "k"}) -> (tensor<3x?xf32> {onnx.name = "values"}, tensor<3x?xi64> {onnx.name = "indices"}) {
    %Values, %Indices = onnx.TopK %arg0, %arg1 {axis = 1 : i64} : (tensor<3x4xf32>, tensor<1xi64>) -> (tensor<3x?xf32>, tensor<3x?xi64>)
    return %Values, %Indices : tensor<3x?xf32>, tensor<3x?xi64>
  }
}
