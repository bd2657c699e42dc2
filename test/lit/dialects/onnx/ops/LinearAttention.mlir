// onnx.LinearAttention: the node test test_linear_attention_linear, as imported.
// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --raise-onnx --verify-form=name=hybrid | FileCheck %s --check-prefix=RAISED

// CHECK: onnx.LinearAttention
// RAISED: func.func @main
// RAISED-NOT: onnx.
module {
  func.func @main(%arg0: tensor<2x4x32xf32> {onnx.dims = ["2", "4", "32"], onnx.name = "query"}, %arg1: tensor<2x4x32xf32> {onnx.dims = ["2", "4", "32"], onnx.name = "key"}, %arg2: tensor<2x4x32xf32> {onnx.dims = ["2", "4", "32"], onnx.name = "value"}) -> (tensor<2x4x32xf32> {onnx.name = "output"}, tensor<2x4x8x8xf32> {onnx.name = "present_state"}) {
    %0 = onnx.None : none
    %output, %present_state = onnx.LinearAttention %arg0, %arg1, %arg2, %0, %0, %0 {kv_num_heads = 4 : i64, q_num_heads = 4 : i64, update_rule = "linear"} : (tensor<2x4x32xf32>, tensor<2x4x32xf32>, tensor<2x4x32xf32>, none, none, none) -> (tensor<2x4x32xf32>, tensor<2x4x8x8xf32>)
    return %output, %present_state : tensor<2x4x32xf32>, tensor<2x4x8x8xf32>
  }
}
