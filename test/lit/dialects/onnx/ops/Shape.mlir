// onnx.Shape: the node test test_shape_start_greater_than_end, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Shape
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<3x4x5xf32> {onnx.dims = ["3", "4", "5"], onnx.name = "x"}) -> (tensor<0xi64> {onnx.name = "y"}) {
    %0 = onnx.Shape %arg0 {end = 1 : i64, start = 2 : i64} : (tensor<3x4x5xf32>) -> tensor<0xi64>
    return %0 : tensor<0xi64>
  }
}
