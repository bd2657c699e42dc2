// onnx.Split: the node test test_split_equal_parts_2d_opset13, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Split
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x6xf32> {onnx.dims = ["2", "6"], onnx.name = "input"}) -> (tensor<2x3xf32> {onnx.name = "output_1"}, tensor<2x3xf32> {onnx.name = "output_2"}) {
    %0 = onnx.None : none
    %1:2 = onnx.Split %arg0, %0 {axis = 1 : i64, num_outputs = 2 : i64} : (tensor<2x6xf32>, none) -> (tensor<2x3xf32>, tensor<2x3xf32>)
    return %1#0, %1#1 : tensor<2x3xf32>, tensor<2x3xf32>
  }
}
