// onnx.ReduceMin: the node test test_reduce_min_default_axes_keepdims_random, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.ReduceMin
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x2x2xf32> {onnx.dims = ["3", "2", "2"], onnx.name = "data"}) -> (tensor<1x1x1xf32> {onnx.name = "reduced"}) {
    %0 = onnx.None : none
    %1 = onnx.ReduceMin %arg0, %0 : (tensor<3x2x2xf32>, none) -> tensor<1x1x1xf32>
    return %1 : tensor<1x1x1xf32>
  }
}
