// onnx.RMSNormalization: the node test test_rms_normalization_2d_axis1, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.RMSNormalization
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4xf32> {onnx.dims = ["3", "4"], onnx.name = "X"}, %arg1: tensor<4xf32> {onnx.dims = ["4"], onnx.name = "W"}) -> (tensor<3x4xf32> {onnx.name = "Y"}) {
    %0 = onnx.RMSNormalization %arg0, %arg1 {axis = 1 : i64} : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
    return %0 : tensor<3x4xf32>
  }
}
