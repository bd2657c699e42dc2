// onnx.IsNaN: the node test test_isnan, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.IsNaN
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<6xf32> {onnx.dims = ["6"], onnx.name = "x"}) -> (tensor<6xi1> {onnx.name = "y"}) {
    %0 = onnx.IsNaN %arg0 : (tensor<6xf32>) -> tensor<6xi1>
    return %0 : tensor<6xi1>
  }
}
