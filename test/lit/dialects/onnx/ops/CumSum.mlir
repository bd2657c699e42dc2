// onnx.CumSum: the node test test_cumsum_1d_int32_exclusive, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.CumSum
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<5xi32> {onnx.dims = ["5"], onnx.name = "x"}, %arg1: tensor<i32> {onnx.dims = [], onnx.name = "axis"}) -> (tensor<5xi32> {onnx.name = "y"}) {
    %0 = onnx.CumSum %arg0, %arg1 {exclusive = 1 : i64} : (tensor<5xi32>, tensor<i32>) -> tensor<5xi32>
    return %0 : tensor<5xi32>
  }
}
