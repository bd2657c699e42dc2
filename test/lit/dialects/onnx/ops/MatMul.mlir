// onnx.MatMul: the node test test_matmul_1d_1d, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.MatMul
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3xf32> {onnx.dims = ["3"], onnx.name = "a"}, %arg1: tensor<3xf32> {onnx.dims = ["3"], onnx.name = "b"}) -> (tensor<f32> {onnx.name = "c"}) {
    %0 = onnx.MatMul %arg0, %arg1 : (tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
    return %0 : tensor<f32>
  }
}
