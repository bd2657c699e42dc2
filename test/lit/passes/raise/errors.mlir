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

// -----

// A cache that is larger than the positions in it.
func.func @shared_buffer(%q: tensor<1x1x16xf32> {onnx.name = "q", onnx.dims = ["1", "1", "16"]}, %pk: tensor<1x2x8x8xf32> {onnx.name = "pk", onnx.dims = ["1", "2", "8", "8"]}) -> tensor<1x1x16xf32> {
  %none = onnx.None : none
  %last = onnx.Constant dense<4> : tensor<1xi32>
  %total = onnx.Constant dense<5> : tensor<i32>
  // expected-error @below {{GroupQueryAttention node: the past and new positions and total_sequence_length differ: 9 and 5}}
  %y, %key, %value = onnx.GroupQueryAttention %q, %q, %q, %pk, %pk, %last, %total, %none, %none, %none, %none, %none
      {do_rotary = 0 : i64, kv_num_heads = 2 : i64, local_window_size = -1 : i64, num_heads = 2 : i64, rotary_interleaved = 0 : i64,
       smooth_softmax = 0 : i64, softcap = 0.0 : f32}
      : (tensor<1x1x16xf32>, tensor<1x1x16xf32>, tensor<1x1x16xf32>, tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>, tensor<1xi32>, tensor<i32>, none, none, none, none, none)
      -> (tensor<1x1x16xf32>, tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>)
  return %y : tensor<1x1x16xf32>
}
