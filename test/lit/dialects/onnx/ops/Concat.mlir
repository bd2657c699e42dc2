// onnx.Concat: the node test test_concat_1d_axis_0, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Concat
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2xf32> {onnx.dims = ["2"], onnx.name = "value0"}, %arg1: tensor<2xf32> {onnx.dims = ["2"], onnx.name = "value1"}) -> (tensor<4xf32> {onnx.name = "output"}) {
    %0 = onnx.Concat %arg0, %arg1 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
    return %0 : tensor<4xf32>
  }
}
