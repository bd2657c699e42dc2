// onnx.Round: the node test test_round, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Round
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<15xf32> {onnx.dims = ["15"], onnx.name = "x"}) -> (tensor<15xf32> {onnx.name = "y"}) {
    %0 = onnx.Round %arg0 : (tensor<15xf32>) -> tensor<15xf32>
    return %0 : tensor<15xf32>
  }
}
