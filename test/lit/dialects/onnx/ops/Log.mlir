// onnx.Log: the node test test_log_example, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Log
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2xf32> {onnx.dims = ["2"], onnx.name = "x"}) -> (tensor<2xf32> {onnx.name = "y"}) {
    %0 = onnx.Log %arg0 : (tensor<2xf32>) -> tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}
