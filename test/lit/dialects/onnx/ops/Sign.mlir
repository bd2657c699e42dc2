// onnx.Sign: the node test test_sign, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Sign
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<11xf32> {onnx.dims = ["11"], onnx.name = "x"}) -> (tensor<11xf32> {onnx.name = "y"}) {
    %0 = onnx.Sign %arg0 : (tensor<11xf32>) -> tensor<11xf32>
    return %0 : tensor<11xf32>
  }
}
