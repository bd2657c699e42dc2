// onnx.Mod: the node test test_mod_uint8, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Mod
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3xui8> {onnx.dims = ["3"], onnx.name = "x"}, %arg1: tensor<3xui8> {onnx.dims = ["3"], onnx.name = "y"}) -> (tensor<3xui8> {onnx.name = "z"}) {
    %0 = onnx.Mod %arg0, %arg1 : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
    return %0 : tensor<3xui8>
  }
}
