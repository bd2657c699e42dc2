// onnx.Range: the node test test_range_float_type_positive_delta, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Range
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<f32> {onnx.dims = [], onnx.name = "start"}, %arg1: tensor<f32> {onnx.dims = [], onnx.name = "limit"}, %arg2: tensor<f32> {onnx.dims = [], onnx.name = "delta"}) -> (tensor<?xf32> {onnx.name = "output"}) {
    %0 = onnx.Range %arg0, %arg1, %arg2 : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<?xf32>
    return %0 : tensor<?xf32>
  }
}
