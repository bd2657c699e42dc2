// Operators of the domain com.microsoft that ai.onnx has no counterpart of. Those that it has (LinearAttention,
// CausalConvWithState, RotaryEmbedding, ...) are imported as that.
#ifndef JARANA_ONNX_MICROSOFT_OPS_TD
#define JARANA_ONNX_MICROSOFT_OPS_TD

include "dialects/onnx/OnnxDialect.td"

def Microsoft_Float : OnnxTensorOf<[F32, F16, BF16]>;
def Microsoft_Int32 : OnnxTensorOf<[I32]>;
def Microsoft_Int64 : OnnxTensorOf<[I64]>;
def Microsoft_Bytes : OnnxTensorOf<[UI8]>;
def Microsoft_ZeroPoints : OnnxTensorOf<[UI8, F32, F16, BF16]>;

def Onnx_GroupQueryAttentionOp : OnnxOperator<"GroupQueryAttention"> {
  let summary = "causal attention with grouped key/value heads, a cache, and optionally a rotary embedding";
  let description = [{
    com.microsoft GroupQueryAttention. `query` is [b, l, num_heads * d] with `key` and `value` [b, l, kv_num_heads * d],
    or packed: [b, l, (num_heads + 2 * kv_num_heads) * d] where `key` and `value` are absent. The past is
    [b, kv_num_heads, p, d]; `present_key` and `present_value` are the past with the new keys and values written after the
    valid ones: p + l positions, or with `shared_buffer` p positions as before (the importer sets it where the past is a
    buffer of the greatest length). `seqlens_k[i] + 1` is the number of valid keys of sequence i including the new ones;
    `total_sequence_length` is at least the greatest of these, and l for a prompt. A query sees `local_window_size` keys up
    to its own, or all (-1). `head_sink` [num_heads] is one more score in each softmax, which no value belongs to; with
    `smooth_softmax` alone it is 0. `cos_cache` and `sin_cache` are [positions, rotary dims / 2].

    (C1) `num_heads` and `kv_num_heads` are positive, and `num_heads` is a multiple of `kv_num_heads`.
    (C2) `key` and `value` are both present or both absent; so are `past_key` and `past_value`.
    (C3) `query`, `key` and `value` have rank 3, the past rank 4, `seqlens_k` rank 1 (or [b, 1]).
    (C4) `do_rotary` needs `cos_cache` and `sin_cache`.
    (C5) The last dimension of `query` is a multiple of the number of heads in it.
    (C6) `local_window_size` is -1 or positive.
    (C7) `head_sink` is [num_heads].
    (C8) `shared_buffer` is 0, or 1 with a past.
  }];
  let arguments = (ins Microsoft_Float:$query, OnnxOptional<Microsoft_Float>:$key,
      OnnxOptional<Microsoft_Float>:$value, OnnxOptional<Microsoft_Float>:$past_key,
      OnnxOptional<Microsoft_Float>:$past_value, Microsoft_Int32:$seqlens_k,
      Microsoft_Int32:$total_sequence_length, OnnxOptional<Microsoft_Float>:$cos_cache,
      OnnxOptional<Microsoft_Float>:$sin_cache, OnnxOptional<Microsoft_Int64>:$position_ids,
      OnnxOptional<Microsoft_Float>:$attention_bias, OnnxOptional<Microsoft_Float>:$head_sink,
      DefaultValuedAttr<I64Attr, "0">:$do_rotary, I64Attr:$kv_num_heads,
      DefaultValuedAttr<I64Attr, "-1">:$local_window_size, I64Attr:$num_heads,
      DefaultValuedAttr<I64Attr, "0">:$rotary_interleaved, OptionalAttr<F32Attr>:$scale,
      DefaultValuedAttr<I64Attr, "0">:$shared_buffer,
      DefaultValuedAttr<I64Attr, "0">:$smooth_softmax, DefaultValuedAttr<F32Attr, "0.0f">:$softcap);
  let results = (outs Microsoft_Float:$output, Variadic<Microsoft_Float>:$present);
  let typeVariables = "aaaaa..aa.aa:aaa";
  let resultLimits = "1, 3";
  let hasVerifier = 1;
}

def Onnx_AttentionWithSinkOp : OnnxOperator<"AttentionWithSink"> {
  let summary = "Attention with one more score for each head, which no value belongs to";
  let description = [{
    No operator that models have: what an attention is recognised as that appends a column to its scores and drops it
    after the softmax. ai.onnx Attention with the operand `sink` [q_num_heads]; a query that sees no key gives 0.

    (C1) `sink` has rank 1.
  }];
  let arguments = (ins Microsoft_Float:$Q, Microsoft_Float:$K, Microsoft_Float:$V, OnnxOptional<AnyRankedTensor>:$attn_mask,
      OnnxOptional<Microsoft_Float>:$past_key, OnnxOptional<Microsoft_Float>:$past_value,
      OnnxOptional<Microsoft_Int64>:$nonpad_kv_seqlen, Microsoft_Float:$sink, DefaultValuedAttr<I64Attr, "0">:$is_causal,
      OptionalAttr<I64Attr>:$kv_num_heads, DefaultValuedAttr<I64Attr, "-1">:$left_window_size,
      OptionalAttr<I64Attr>:$q_num_heads, DefaultValuedAttr<I64Attr, "-1">:$right_window_size,
      OptionalAttr<F32Attr>:$scale, DefaultValuedAttr<F32Attr, "0.0f">:$softcap);
  let results = (outs Microsoft_Float:$Y, Variadic<Microsoft_Float>:$present);
  let typeVariables = "aab.ab.a:aab";
  let resultLimits = "1, 3";
  let hasVerifier = 1;
}

def Onnx_MatMulNBitsOp : OnnxOperator<"MatMulNBits"> {
  let summary = "a matrix product with a right side that is quantised in blocks along its rows";
  let description = [{
    com.microsoft MatMulNBits. `A` is [..., K]; `B` holds N rows of K codes of `bits` bits in blocks of `block_size`
    along K: ui8 [N, ceil(K / block_size), block_size * bits / 8], the low bits first. An element is
    (code - zero point) * scale of its block; the default zero point is 2^(bits - 1).

    (C1) `K` and `N` are positive, `bits` is 2, 4 or 8, `block_size` is a power of two and at least 16.
    (C2) `B` is [N, ceil(K / block_size), block_size * bits / 8].
    (C3) `scales` has N * ceil(K / block_size) elements.
    (C4) `zero_points` has N * ceil(ceil(K / block_size) * bits / 8) elements of ui8, or as many as `scales` of its type.
    (C5) The last dimension of `A` is K.
    (C6) `bias` is [N].
  }];
  let arguments = (ins Microsoft_Float:$A, Microsoft_Bytes:$B, Microsoft_Float:$scales,
      OnnxOptional<Microsoft_ZeroPoints>:$zero_points, OnnxOptional<Microsoft_Int32>:$g_idx,
      OnnxOptional<Microsoft_Float>:$bias, I64Attr:$K, I64Attr:$N,
      DefaultValuedAttr<I64Attr, "0">:$accuracy_level, DefaultValuedAttr<I64Attr, "4">:$bits,
      I64Attr:$block_size);
  let results = (outs Microsoft_Float:$Y);
  let typeVariables = "a.a..a:a";
  let resultLimits = "1, 1";
  let hasVerifier = 1;
}

def Onnx_SkipSimplifiedLayerNormalizationOp : OnnxOperator<"SkipSimplifiedLayerNormalization"> {
  let summary = "adds two tensors and gives the sum and its root-mean-square normalisation";
  let description = [{
    com.microsoft SkipSimplifiedLayerNormalization. sum = input + skip + bias; output = gamma * sum * rsqrt(mean(sum^2) +
    epsilon) over the last dimension. The results are output, mean, inv_std_var and sum; ONNX Runtime never fills the second in.

    (C1) `input` has rank 2 or 3; `skip` has that rank, or rank 2 where `input` has rank 3 (then it is the same for each batch).
    (C2) `gamma` and `bias` are [n], where n is the last dimension of `input`.
  }];
  let arguments = (ins Microsoft_Float:$input, Microsoft_Float:$skip, Microsoft_Float:$gamma,
      OnnxOptional<Microsoft_Float>:$bias, DefaultValuedAttr<F32Attr, "1e-12f">:$epsilon);
  let results = (outs Microsoft_Float:$output, Variadic<Microsoft_Float>:$optional_results);
  let typeVariables = "aaaa:a..a"; // mean and inv_std_var are f32
  let resultLimits = "1, 4";
  let hasVerifier = 1;
}

#endif
