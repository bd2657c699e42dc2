// onnx.Trilu: the node test test_triu, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Trilu
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<4x5xi64> {onnx.dims = ["4", "5"], onnx.name = "x"}) -> (tensor<4x5xi64> {onnx.name = "y"}) {
    %0 = onnx.None : none
    %1 = onnx.Trilu %arg0, %0 : (tensor<4x5xi64>, none) -> tensor<4x5xi64>
    return %1 : tensor<4x5xi64>
  }
}
