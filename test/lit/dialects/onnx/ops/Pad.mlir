// onnx.Pad: the node test test_edge_pad, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Pad
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<1x3x4x5xi32> {onnx.dims = ["1", "3", "4", "5"], onnx.name = "x"}, %arg1: tensor<8xi64> {onnx.dims = ["8"], onnx.name = "pads"}) -> (tensor<?x?x?x?xi32> {onnx.name = "y"}) {
    %0 = onnx.None : none
    %1 = onnx.Pad %arg0, %arg1, %0, %0 {mode = "edge"} : (tensor<1x3x4x5xi32>, tensor<8xi64>, none, none) -> tensor<?x?x?x?xi32>
    return %1 : tensor<?x?x?x?xi32>
  }
}
