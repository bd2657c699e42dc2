// onnx.Expand: the node test test_expand_dim_unchanged, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Expand
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x1xf32> {onnx.dims = ["3", "1"], onnx.name = "data"}, %arg1: tensor<2xi64> {onnx.dims = ["2"], onnx.name = "new_shape"}) -> (tensor<?x?xf32> {onnx.name = "expanded"}) {
    %0 = onnx.Expand %arg0, %arg1 : (tensor<3x1xf32>, tensor<2xi64>) -> tensor<?x?xf32>
    return %0 : tensor<?x?xf32>
  }
}
