// onnx.Slice: the node test test_slice_default_axes, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Slice
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<20x10x5xf32> {onnx.dims = ["20", "10", "5"], onnx.name = "x"}, %arg1: tensor<3xi64> {onnx.dims = ["3"], onnx.name = "starts"}, %arg2: tensor<3xi64> {onnx.dims = ["3"], onnx.name = "ends"}) -> (tensor<?x?x?xf32> {onnx.name = "y"}) {
    %0 = onnx.None : none
    %1 = onnx.Slice %arg0, %arg1, %arg2, %0, %0 : (tensor<20x10x5xf32>, tensor<3xi64>, tensor<3xi64>, none, none) -> tensor<?x?x?xf32>
    return %1 : tensor<?x?x?xf32>
  }
}
