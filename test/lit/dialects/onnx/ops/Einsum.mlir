// onnx.Einsum: the contraction of a scan's chunk.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Einsum {{.*}}equation = "bclhn,bcshn->bclsh"
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x3x4x5x6xf32> {onnx.dims = ["2", "3", "4", "5", "6"], onnx.name = "c"}, %arg1: tensor<2x3x7x5x6xf32> {onnx.dims = ["2", "3", "7", "5", "6"], onnx.name = "b"}) -> (tensor<2x3x4x7x5xf32> {onnx.name = "y"}) {
    %0 = onnx.Einsum %arg0, %arg1 {equation = "bclhn,bcshn->bclsh"} : (tensor<2x3x4x5x6xf32>, tensor<2x3x7x5x6xf32>) -> tensor<2x3x4x7x5xf32>
    return %0 : tensor<2x3x4x7x5xf32>
  }
}
