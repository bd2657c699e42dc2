// onnx.TensorScatter: the node test test_tensorscatter_3d, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.TensorScatter
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4x5xf32> {onnx.dims = ["3", "4", "5"], onnx.name = "past_cache"}, %arg1: tensor<3x2x5xf32> {onnx.dims = ["3", "2", "5"], onnx.name = "update"}, %arg2: tensor<3xi64> {onnx.dims = ["3"], onnx.name = "write_indices"}) -> (tensor<3x4x5xf32> {onnx.name = "present_cache"}) {
    %0 = onnx.TensorScatter %arg0, %arg1, %arg2 : (tensor<3x4x5xf32>, tensor<3x2x5xf32>, tensor<3xi64>) -> tensor<3x4x5xf32>
    return %0 : tensor<3x4x5xf32>
  }
}
