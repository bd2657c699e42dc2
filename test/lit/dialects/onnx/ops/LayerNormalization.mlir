// onnx.LayerNormalization: the node test test_layer_normalization_2d_axis1, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.LayerNormalization
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4xf32> {onnx.dims = ["3", "4"], onnx.name = "X"}, %arg1: tensor<4xf32> {onnx.dims = ["4"], onnx.name = "W"}, %arg2: tensor<4xf32> {onnx.dims = ["4"], onnx.name = "B"}) -> (tensor<3x4xf32> {onnx.name = "Y"}, tensor<3x1xf32> {onnx.name = "Mean"}, tensor<3x1xf32> {onnx.name = "InvStdDev"}) {
    %Y, %optional_results:2 = onnx.LayerNormalization %arg0, %arg1, %arg2 {axis = 1 : i64} : (tensor<3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<3x4xf32>, tensor<3x1xf32>, tensor<3x1xf32>)
    return %Y, %optional_results#0, %optional_results#1 : tensor<3x4xf32>, tensor<3x1xf32>, tensor<3x1xf32>
  }
}
