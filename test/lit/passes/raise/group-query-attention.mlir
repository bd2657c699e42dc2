// RUN: jarana-opt %s --raise-onnx --canonicalize --cse | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Packed query, key and value; each sequence has its own number of positions before the new ones.
// CHECK: facts = {head_dim = "8", heads = "4", kv_heads = "2", mask = "causal", packed = "yes"}
// CHECK-SAME: facts = {head_dim = "8", heads = "4", kv_heads = "2", mask = "causal", packed = "no", sink = "yes", window = "3"}
// CHECK-LABEL: func.func @packed
// CHECK: hybrid.check %{{.*}}, "GroupQueryAttention node '': total_sequence_length is not that of the past and the new positions together"
// CHECK: hybrid.check %{{.*}}, "GroupQueryAttention node '': seqlens_k does not fit the past and the new positions"
// CHECK-COUNT-2: hybrid.rotary_embedding
// CHECK: %[[KEYS:.*]] = hybrid.kv_cache_update ins(%{{.*}}, %[[BEFORE:.*]] : tensor<?x2x?x8xf32>, tensor<?xi64>)
// CHECK: %[[VALUES:.*]] = hybrid.kv_cache_update ins(%{{.*}}, %[[BEFORE]] : tensor<?x2x?x8xf32>, tensor<?xi64>)
// CHECK: hybrid.attention ins(%{{.*}}, %[[KEYS]], %[[VALUES]] : tensor<?x2x2x?x8xf32>, {{.*}}) query_offset(%[[BEFORE]] : tensor<?xi64>)
// CHECK-SAME: mask = #hybrid.mask<causal>
func.func @packed(%qkv: tensor<?x?x64xf32> {onnx.name = "qkv", onnx.dims = ["b", "l", "64"]}, %pk: tensor<?x2x?x8xf32> {onnx.name = "pk", onnx.dims = ["b", "2", "p", "8"]},
    %pv: tensor<?x2x?x8xf32> {onnx.name = "pv", onnx.dims = ["b", "2", "p", "8"]}, %last: tensor<?xi32> {onnx.name = "last", onnx.dims = ["b"]},
    %total: tensor<i32> {onnx.name = "total", onnx.dims = []}, %cos: tensor<64x4xf32> {onnx.name = "cos", onnx.dims = ["64", "4"]},
    %sin: tensor<64x4xf32> {onnx.name = "sin", onnx.dims = ["64", "4"]}) -> (tensor<?x?x32xf32> {onnx.name = "y"}, tensor<?x2x?x8xf32> {onnx.name = "key"}) {
  %none = onnx.None : none
  %y, %key, %value = onnx.GroupQueryAttention %qkv, %none, %none, %pk, %pv, %last, %total, %cos, %sin, %none, %none, %none
      {do_rotary = 1 : i64, kv_num_heads = 2 : i64, local_window_size = -1 : i64, num_heads = 4 : i64, rotary_interleaved = 0 : i64,
       smooth_softmax = 0 : i64, softcap = 0.0 : f32}
      : (tensor<?x?x64xf32>, none, none, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?xi32>, tensor<i32>, tensor<64x4xf32>, tensor<64x4xf32>, none, none, none)
      -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return %y, %key : tensor<?x?x32xf32>, tensor<?x2x?x8xf32>
}

// Known sizes: the second sequence has fewer positions before, and keys that nothing is behind.
// CHECK-LABEL: func.func @padded
// CHECK: hybrid.attention
func.func @padded(%q: tensor<2x2x32xf32> {onnx.name = "q", onnx.dims = ["2", "2", "32"]}, %k: tensor<2x2x16xf32> {onnx.name = "k", onnx.dims = ["2", "2", "16"]},
    %v: tensor<2x2x16xf32> {onnx.name = "v", onnx.dims = ["2", "2", "16"]}, %pk: tensor<2x2x3x8xf32> {onnx.name = "pk", onnx.dims = ["2", "2", "3", "8"]},
    %pv: tensor<2x2x3x8xf32> {onnx.name = "pv", onnx.dims = ["2", "2", "3", "8"]}) -> (tensor<2x2x32xf32> {onnx.name = "y"}, tensor<2x2x5x8xf32> {onnx.name = "key"}) {
  %none = onnx.None : none
  %last = onnx.Constant dense<[4, 2]> : tensor<2xi32>
  %total = onnx.Constant dense<5> : tensor<i32>
  %y, %key, %value = onnx.GroupQueryAttention %q, %k, %v, %pk, %pv, %last, %total, %none, %none, %none, %none, %none
      {do_rotary = 0 : i64, kv_num_heads = 2 : i64, local_window_size = -1 : i64, num_heads = 4 : i64, rotary_interleaved = 0 : i64,
       smooth_softmax = 0 : i64, softcap = 0.0 : f32}
      : (tensor<2x2x32xf32>, tensor<2x2x16xf32>, tensor<2x2x16xf32>, tensor<2x2x3x8xf32>, tensor<2x2x3x8xf32>, tensor<2xi32>, tensor<i32>, none, none, none, none, none)
      -> (tensor<2x2x32xf32>, tensor<2x2x5x8xf32>, tensor<2x2x5x8xf32>)
  return %y, %key : tensor<2x2x32xf32>, tensor<2x2x5x8xf32>
}

// -----

// The past is a buffer that the new positions are written into; a window and a sink.
// CHECK-LABEL: func.func @buffer
// CHECK-SAME: %{{[^:]*}}: tensor<?x?x32xf32> {{.*}}%[[PAST:[^:]*]]: tensor<?x2x16x8xf32>
// CHECK: hybrid.check %{{.*}}, "GroupQueryAttention node '': total_sequence_length is more than the buffers of the past hold"
// CHECK: hybrid.check %{{.*}}, "GroupQueryAttention node '': total_sequence_length is less than the number of new positions"
// CHECK: hybrid.kv_cache_update ins(%{{.*}}, %[[BEFORE:.*]] : tensor<?x2x?x8xf32>, tensor<?xi64>) outs(%{{.*}} : tensor<?x2x16x8xf32>)
// CHECK: hybrid.attention {{.*}} query_offset(%[[BEFORE]] : tensor<?xi64>) sink(%{{.*}} : tensor<2x2xf32>)
// CHECK-SAME: window = 3
func.func @buffer(%q: tensor<?x?x32xf32> {onnx.name = "q", onnx.dims = ["b", "l", "32"]}, %k: tensor<?x?x16xf32> {onnx.name = "k", onnx.dims = ["b", "l", "16"]},
    %pk: tensor<?x2x16x8xf32> {onnx.name = "pk", onnx.dims = ["b", "2", "16", "8"]}, %last: tensor<?xi32> {onnx.name = "last", onnx.dims = ["b"]},
    %total: tensor<i32> {onnx.name = "total", onnx.dims = []}, %sink: tensor<4xf32> {onnx.name = "sink", onnx.dims = ["4"]})
    -> (tensor<?x?x32xf32> {onnx.name = "y"}, tensor<?x2x16x8xf32> {onnx.name = "key"}) {
  %none = onnx.None : none
  %y, %key, %value = onnx.GroupQueryAttention %q, %k, %k, %pk, %pk, %last, %total, %none, %none, %none, %none, %sink
      {do_rotary = 0 : i64, kv_num_heads = 2 : i64, local_window_size = 3 : i64, num_heads = 4 : i64, rotary_interleaved = 0 : i64,
       shared_buffer = 1 : i64, smooth_softmax = 0 : i64, softcap = 0.0 : f32}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x2x16x8xf32>, tensor<?x2x16x8xf32>, tensor<?xi32>, tensor<i32>, none, none, none, none, tensor<4xf32>)
      -> (tensor<?x?x32xf32>, tensor<?x2x16x8xf32>, tensor<?x2x16x8xf32>)
  return %y, %key : tensor<?x?x32xf32>, tensor<?x2x16x8xf32>
}
