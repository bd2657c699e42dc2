// RUN: jarana-opt %s --raise-onnx --split-input-file --verify-diagnostics
// RUN: not jarana-opt %s --raise-onnx=error-on-fallback --split-input-file 2>&1 | FileCheck %s

func.func @axis(%x: tensor<4x5xf32> {onnx.name = "x", onnx.dims = ["4", "5"]}, %axis: tensor<i64> {onnx.name = "axis", onnx.dims = []}) -> (tensor<4x5xf32> {onnx.name = "y"}) {
  // expected-error @below {{CumSum node '' needs an axis that is known when it is compiled}}
  %0 = onnx.CumSum %x, %axis {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<4x5xf32>, tensor<i64>) -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// -----

// CHECK: LinearAttention node 'scan' stays on a generic path: update_rule 'delta' is not a selective scan
func.func @delta(%q: tensor<1x?x8xf32> {onnx.name = "q", onnx.dims = ["1", "l", "8"]}, %v: tensor<1x?x6xf32> {onnx.name = "v", onnx.dims = ["1", "l", "6"]},
    %beta: tensor<1x?x2xf32> {onnx.name = "beta", onnx.dims = ["1", "l", "2"]}) -> (tensor<1x?x6xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %y, %s = onnx.LinearAttention %q, %q, %v, %none, %none, %beta
      {chunk_size = 64 : i64, kv_num_heads = 2 : i64, q_num_heads = 2 : i64, scale = 1.0 : f32, update_rule = "delta"}
      : (tensor<1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x?x6xf32>, none, none, tensor<1x?x2xf32>) -> (tensor<1x?x6xf32>, tensor<1x2x4x3xf32>) loc("scan")
  return %y : tensor<1x?x6xf32>
}
