// onnx.QuantizeLinear: the node test test_quantizelinear, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.QuantizeLinear
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<6xf32> {onnx.dims = ["6"], onnx.name = "x"}, %arg1: tensor<f32> {onnx.dims = [], onnx.name = "y_scale"}, %arg2: tensor<ui8> {onnx.dims = [], onnx.name = "y_zero_point"}) -> (tensor<6xui8> {onnx.name = "y"}) {
    %0 = onnx.QuantizeLinear %arg0, %arg1, %arg2 : (tensor<6xf32>, tensor<f32>, tensor<ui8>) -> tensor<6xui8>
    return %0 : tensor<6xui8>
  }
}
