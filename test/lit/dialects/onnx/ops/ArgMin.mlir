// onnx.ArgMin: the node test test_argmin_default_axis_example, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.ArgMin
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x2xf32> {onnx.dims = ["2", "2"], onnx.name = "data"}) -> (tensor<1x2xi64> {onnx.name = "result"}) {
    %0 = onnx.ArgMin %arg0 : (tensor<2x2xf32>) -> tensor<1x2xi64>
    return %0 : tensor<1x2xi64>
  }
}
