// onnx.Transpose: the node test test_transpose_default, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Transpose
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x3x4xf32> {onnx.dims = ["2", "3", "4"], onnx.name = "data"}) -> (tensor<4x3x2xf32> {onnx.name = "transposed"}) {
    %0 = onnx.Transpose %arg0 {perm = array<i64: 2, 1, 0>} : (tensor<2x3x4xf32>) -> tensor<4x3x2xf32>
    return %0 : tensor<4x3x2xf32>
  }
}
