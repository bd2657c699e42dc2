// RUN: jarana-opt %s --split-input-file --verify-diagnostics

func.func @gqa_c1(%q: tensor<1x4x64xf32>, %k: tensor<1x4x32xf32>, %n: tensor<1xi32>, %t: tensor<i32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has num_heads = 4 and kv_num_heads = 3; both must be positive, and the first a multiple of the second}}
  %0 = onnx.GroupQueryAttention %q, %k, %k, %none, %none, %n, %t, %none, %none, %none, %none, %none {num_heads = 4 : i64, kv_num_heads = 3 : i64} : (tensor<1x4x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, none) -> tensor<1x4x64xf32>
  return
}

// -----

func.func @gqa_c2(%q: tensor<1x4x64xf32>, %k: tensor<1x4x32xf32>, %n: tensor<1xi32>, %t: tensor<i32>) {
  %none = onnx.None : none
  // expected-error @+1 {{needs key and value both or neither}}
  %0 = onnx.GroupQueryAttention %q, %k, %none, %none, %none, %n, %t, %none, %none, %none, %none, %none {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<1x4x64xf32>, tensor<1x4x32xf32>, none, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, none) -> tensor<1x4x64xf32>
  return
}

// -----

func.func @gqa_c3(%q: tensor<4x64xf32>, %k: tensor<1x4x32xf32>, %n: tensor<1xi32>, %t: tensor<i32>) {
  %none = onnx.None : none
  // expected-error @+1 {{needs query, key and value of rank 3}}
  %0 = onnx.GroupQueryAttention %q, %k, %k, %none, %none, %n, %t, %none, %none, %none, %none, %none {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<4x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, none) -> tensor<4x64xf32>
  return
}

// -----

func.func @gqa_c4(%q: tensor<1x4x64xf32>, %k: tensor<1x4x32xf32>, %n: tensor<1xi32>, %t: tensor<i32>) {
  %none = onnx.None : none
  // expected-error @+1 {{with do_rotary needs cos_cache and sin_cache}}
  %0 = onnx.GroupQueryAttention %q, %k, %k, %none, %none, %n, %t, %none, %none, %none, %none, %none {num_heads = 4 : i64, kv_num_heads = 2 : i64, do_rotary = 1 : i64} : (tensor<1x4x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, none) -> tensor<1x4x64xf32>
  return
}

// -----

func.func @gqa_c5(%q: tensor<1x4x66xf32>, %n: tensor<1xi32>, %t: tensor<i32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has a query 66 wide, which is not a multiple of the 8 heads in it}}
  %0 = onnx.GroupQueryAttention %q, %none, %none, %none, %none, %n, %t, %none, %none, %none, %none, %none {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<1x4x66xf32>, none, none, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, none) -> tensor<1x4x33xf32>
  return
}

// -----

func.func @gqa_c6(%q: tensor<1x4x64xf32>, %k: tensor<1x4x32xf32>, %n: tensor<1xi32>, %t: tensor<i32>, %s: tensor<3xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has local_window_size = 0, which must be -1 or positive}}
  %0 = onnx.GroupQueryAttention %q, %k, %k, %none, %none, %n, %t, %none, %none, %none, %none, %none {num_heads = 4 : i64, kv_num_heads = 2 : i64, local_window_size = 0 : i64} : (tensor<1x4x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, none) -> tensor<1x4x64xf32>
  return
}

// -----

func.func @gqa_c7(%q: tensor<1x4x64xf32>, %k: tensor<1x4x32xf32>, %n: tensor<1xi32>, %t: tensor<i32>, %s: tensor<3xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has head_sink 'tensor<3xf32>'; 4 elements, one per head, are needed}}
  %0 = onnx.GroupQueryAttention %q, %k, %k, %none, %none, %n, %t, %none, %none, %none, %none, %s {num_heads = 4 : i64, kv_num_heads = 2 : i64} : (tensor<1x4x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, tensor<3xf32>) -> tensor<1x4x64xf32>
  return
}

// -----

func.func @gqa_c8(%q: tensor<1x4x64xf32>, %k: tensor<1x4x32xf32>, %n: tensor<1xi32>, %t: tensor<i32>, %s: tensor<3xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has shared_buffer = 1, which must be 0, or 1 with a past}}
  %0 = onnx.GroupQueryAttention %q, %k, %k, %none, %none, %n, %t, %none, %none, %none, %none, %none {num_heads = 4 : i64, kv_num_heads = 2 : i64, shared_buffer = 1 : i64} : (tensor<1x4x64xf32>, tensor<1x4x32xf32>, tensor<1x4x32xf32>, none, none, tensor<1xi32>, tensor<i32>, none, none, none, none, none) -> tensor<1x4x64xf32>
  return
}

// -----

func.func @sink_c1(%q: tensor<1x4x8x16xf32>, %s: tensor<1x4xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has sink 'tensor<1x4xf32>', which must have rank 1}}
  %0 = onnx.AttentionWithSink %q, %q, %q, %none, %none, %none, %none, %s : (tensor<1x4x8x16xf32>, tensor<1x4x8x16xf32>, tensor<1x4x8x16xf32>, none, none, none, none, tensor<1x4xf32>) -> tensor<1x4x8x16xf32>
  return
}

// -----

func.func @nbits_c1(%x: tensor<2x64xf32>, %b: tensor<8x2x16xui8>, %s: tensor<8x2xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{bits = 3}}
  %0 = onnx.MatMulNBits %x, %b, %s, %none, %none, %none {K = 64 : i64, N = 8 : i64, bits = 3 : i64, block_size = 32 : i64} : (tensor<2x64xf32>, tensor<8x2x16xui8>, tensor<8x2xf32>, none, none, none) -> tensor<2x8xf32>
  return
}

// -----

func.func @nbits_c2(%x: tensor<2x64xf32>, %b: tensor<8x2x32xui8>, %s: tensor<8x2xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{K, N, bits and block_size make it [8, 2, 16]}}
  %0 = onnx.MatMulNBits %x, %b, %s, %none, %none, %none {K = 64 : i64, N = 8 : i64, block_size = 32 : i64} : (tensor<2x64xf32>, tensor<8x2x32xui8>, tensor<8x2xf32>, none, none, none) -> tensor<2x8xf32>
  return
}

// -----

func.func @nbits_c3(%x: tensor<2x64xf32>, %b: tensor<8x2x16xui8>, %s: tensor<8x3xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has scales 'tensor<8x3xf32>'; 16 elements are needed}}
  %0 = onnx.MatMulNBits %x, %b, %s, %none, %none, %none {K = 64 : i64, N = 8 : i64, block_size = 32 : i64} : (tensor<2x64xf32>, tensor<8x2x16xui8>, tensor<8x3xf32>, none, none, none) -> tensor<2x8xf32>
  return
}

// -----

func.func @nbits_c4(%x: tensor<2x64xf32>, %b: tensor<8x2x16xui8>, %s: tensor<8x2xf32>, %z: tensor<8x2xui8>) {
  %none = onnx.None : none
  // expected-error @+1 {{has zero_points 'tensor<8x2xui8>'; 8 elements are needed}}
  %0 = onnx.MatMulNBits %x, %b, %s, %z, %none, %none {K = 64 : i64, N = 8 : i64, block_size = 32 : i64} : (tensor<2x64xf32>, tensor<8x2x16xui8>, tensor<8x2xf32>, tensor<8x2xui8>, none, none) -> tensor<2x8xf32>
  return
}

// -----

func.func @nbits_c5(%x: tensor<2x32xf32>, %b: tensor<8x2x16xui8>, %s: tensor<8x2xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{whose last dimension must be K = 64}}
  %0 = onnx.MatMulNBits %x, %b, %s, %none, %none, %none {K = 64 : i64, N = 8 : i64, block_size = 32 : i64} : (tensor<2x32xf32>, tensor<8x2x16xui8>, tensor<8x2xf32>, none, none, none) -> tensor<2x8xf32>
  return
}

// -----

func.func @nbits_c6(%x: tensor<2x64xf32>, %b: tensor<8x2x16xui8>, %s: tensor<8x2xf32>, %bias: tensor<7xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has bias 'tensor<7xf32>'; 8 elements are needed}}
  %0 = onnx.MatMulNBits %x, %b, %s, %none, %none, %bias {K = 64 : i64, N = 8 : i64, block_size = 32 : i64} : (tensor<2x64xf32>, tensor<8x2x16xui8>, tensor<8x2xf32>, none, none, tensor<7xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @skip_c1(%x: tensor<8xf32>, %w: tensor<8xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has an input of rank 1 and a skip of rank 1}}
  %0 = onnx.SkipSimplifiedLayerNormalization %x, %x, %w, %none : (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, none) -> tensor<8xf32>
  return
}

// -----

func.func @skip_c2(%x: tensor<2x8xf32>, %w: tensor<9xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has a gamma or bias 'tensor<9xf32>'; the input is 8 wide}}
  %0 = onnx.SkipSimplifiedLayerNormalization %x, %x, %w, %none : (tensor<2x8xf32>, tensor<2x8xf32>, tensor<9xf32>, none) -> tensor<2x8xf32>
  return
}
