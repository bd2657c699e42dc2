// onnx.Gemm: the node test test_gemm_default_no_bias, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.Gemm
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x10xf32> {onnx.dims = ["2", "10"], onnx.name = "a"}, %arg1: tensor<10x3xf32> {onnx.dims = ["10", "3"], onnx.name = "b"}) -> (tensor<2x3xf32> {onnx.name = "y"}) {
    %0 = onnx.None : none
    %1 = onnx.Gemm %arg0, %arg1, %0 : (tensor<2x10xf32>, tensor<10x3xf32>, none) -> tensor<2x3xf32>
    return %1 : tensor<2x3xf32>
  }
}
