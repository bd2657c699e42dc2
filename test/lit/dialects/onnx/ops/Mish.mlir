// onnx.Mish: the node test test_mish, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Mish
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<10000xf32> {onnx.dims = ["10000"], onnx.name = "X"}) -> (tensor<10000xf32> {onnx.name = "Y"}) {
    %0 = onnx.Mish %arg0 : (tensor<10000xf32>) -> tensor<10000xf32>
    return %0 : tensor<10000xf32>
  }
}
