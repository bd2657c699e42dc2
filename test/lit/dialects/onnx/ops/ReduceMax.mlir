// onnx.ReduceMax: the node test test_reduce_max_default_axes_keepdim_example, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.ReduceMax
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x2x2xf32> {onnx.dims = ["3", "2", "2"], onnx.name = "data"}) -> (tensor<1x1x1xf32> {onnx.name = "reduced"}) {
    %0 = onnx.None : none
    %1 = onnx.ReduceMax %arg0, %0 : (tensor<3x2x2xf32>, none) -> tensor<1x1x1xf32>
    return %1 : tensor<1x1x1xf32>
  }
}
