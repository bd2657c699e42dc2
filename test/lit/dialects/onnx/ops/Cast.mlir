// onnx.Cast: the node test test_cast_FLOAT_to_DOUBLE, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Cast
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4xf32> {onnx.dims = ["3", "4"], onnx.name = "input"}) -> (tensor<3x4xf64> {onnx.name = "output"}) {
    %0 = onnx.Cast %arg0 {to = f64} : (tensor<3x4xf32>) -> tensor<3x4xf64>
    return %0 : tensor<3x4xf64>
  }
}
