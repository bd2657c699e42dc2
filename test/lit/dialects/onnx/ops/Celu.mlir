// onnx.Celu: the node test test_celu, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Celu
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x3x3x1xf32> {onnx.dims = ["3", "3", "3", "1"], onnx.name = "X"}) -> (tensor<3x3x3x1xf32> {onnx.name = "Y"}) {
    %0 = onnx.Celu %arg0 {alpha = 2.000000e+00 : f32} : (tensor<3x3x3x1xf32>) -> tensor<3x3x3x1xf32>
    return %0 : tensor<3x3x3x1xf32>
  }
}
