// onnx.Mean: the node test test_mean_one_input, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Mean
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3xf32> {onnx.dims = ["3"], onnx.name = "data_0"}) -> (tensor<3xf32> {onnx.name = "result"}) {
    %0 = onnx.Mean %arg0 : (tensor<3xf32>) -> tensor<3xf32>
    return %0 : tensor<3xf32>
  }
}
