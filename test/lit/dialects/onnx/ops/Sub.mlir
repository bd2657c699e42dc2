// onnx.Sub: the node test test_sub_example, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Sub
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3xf32> {onnx.dims = ["3"], onnx.name = "x"}, %arg1: tensor<3xf32> {onnx.dims = ["3"], onnx.name = "y"}) -> (tensor<3xf32> {onnx.name = "z"}) {
    %0 = onnx.Sub %arg0, %arg1 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  }
}
