// onnx.LogSoftmax: the node test test_logsoftmax_example_1, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.LogSoftmax
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<1x3xf32> {onnx.dims = ["1", "3"], onnx.name = "x"}) -> (tensor<1x3xf32> {onnx.name = "y"}) {
    %0 = onnx.LogSoftmax %arg0 : (tensor<1x3xf32>) -> tensor<1x3xf32>
    return %0 : tensor<1x3xf32>
  }
}
