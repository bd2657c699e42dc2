// onnx.DequantizeLinear: the node test test_dequantizelinear, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.DequantizeLinear
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<4xui8> {onnx.dims = ["4"], onnx.name = "x"}, %arg1: tensor<f32> {onnx.dims = [], onnx.name = "x_scale"}, %arg2: tensor<ui8> {onnx.dims = [], onnx.name = "x_zero_point"}) -> (tensor<4xf32> {onnx.name = "y"}) {
    %0 = onnx.DequantizeLinear %arg0, %arg1, %arg2 : (tensor<4xui8>, tensor<f32>, tensor<ui8>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
