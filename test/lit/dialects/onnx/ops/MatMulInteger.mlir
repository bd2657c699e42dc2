// onnx.MatMulInteger: the node test test_matmulinteger, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.MatMulInteger
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<4x3xui8> {onnx.dims = ["4", "3"], onnx.name = "A"}, %arg1: tensor<3x2xui8> {onnx.dims = ["3", "2"], onnx.name = "B"}, %arg2: tensor<1xui8> {onnx.dims = ["1"], onnx.name = "a_zero_point"}, %arg3: tensor<1xui8> {onnx.dims = ["1"], onnx.name = "b_zero_point"}) -> (tensor<4x2xi32> {onnx.name = "Y"}) {
    %0 = onnx.MatMulInteger %arg0, %arg1, %arg2, %arg3 : (tensor<4x3xui8>, tensor<3x2xui8>, tensor<1xui8>, tensor<1xui8>) -> tensor<4x2xi32>
    return %0 : tensor<4x2xi32>
  }
}
