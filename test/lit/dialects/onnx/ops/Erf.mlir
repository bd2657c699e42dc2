// onnx.Erf: the node test test_erf, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Erf
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<1x3x32x32xf32> {onnx.dims = ["1", "3", "32", "32"], onnx.name = "x"}) -> (tensor<1x3x32x32xf32> {onnx.name = "y"}) {
    %0 = onnx.Erf %arg0 : (tensor<1x3x32x32xf32>) -> tensor<1x3x32x32xf32>
    return %0 : tensor<1x3x32x32xf32>
  }
}
