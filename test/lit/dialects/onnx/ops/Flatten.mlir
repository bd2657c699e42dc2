// onnx.Flatten: the node test test_flatten_default_axis, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Flatten
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<5x4x3x2xf32> {onnx.dims = ["5", "4", "3", "2"], onnx.name = "a"}) -> (tensor<5x24xf32> {onnx.name = "b"}) {
    %0 = onnx.Flatten %arg0 : (tensor<5x4x3x2xf32>) -> tensor<5x24xf32>
    return %0 : tensor<5x24xf32>
  }
}
