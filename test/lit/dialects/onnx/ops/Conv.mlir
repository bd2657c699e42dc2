// onnx.Conv: the node test test_basic_conv_with_padding, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Conv
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<1x1x5x5xf32> {onnx.dims = ["1", "1", "5", "5"], onnx.name = "x"}, %arg1: tensor<1x1x3x3xf32> {onnx.dims = ["1", "1", "3", "3"], onnx.name = "W"}) -> (tensor<1x1x5x5xf32> {onnx.name = "y"}) {
    %0 = onnx.None : none
    %1 = onnx.Conv %arg0, %arg1, %0 {dilations = array<i64: 1, 1>, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : (tensor<1x1x5x5xf32>, tensor<1x1x3x3xf32>, none) -> tensor<1x1x5x5xf32>
    return %1 : tensor<1x1x5x5xf32>
  }
}
