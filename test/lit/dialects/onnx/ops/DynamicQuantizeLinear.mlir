// onnx.DynamicQuantizeLinear: the node test test_dynamicquantizelinear, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.DynamicQuantizeLinear
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<6xf32> {onnx.dims = ["6"], onnx.name = "x"}) -> (tensor<6xui8> {onnx.name = "y"}, tensor<f32> {onnx.name = "y_scale"}, tensor<ui8> {onnx.name = "y_zero_point"}) {
    %y, %y_scale, %y_zero_point = onnx.DynamicQuantizeLinear %arg0 : (tensor<6xf32>) -> (tensor<6xui8>, tensor<f32>, tensor<ui8>)
    return %y, %y_scale, %y_zero_point : tensor<6xui8>, tensor<f32>, tensor<ui8>
  }
}
