// Attention, its running form, caches of keys and values, rotary embedding.
#ifndef JARANA_HYBRID_ATTENTION_OPS_TD
#define JARANA_HYBRID_ATTENTION_OPS_TD

include "dialects/hybrid/ComputeOpBase.td"

def Hybrid_AttentionDocs : OpDocGroup {
  let summary = "Attention";
  let description = "Attention over a context of keys and values, and what surrounds it.";
}

let opDocGroup = Hybrid_AttentionDocs in {

def Hybrid_AttentionOp : Hybrid_ComputeOp<"attention", 1, "false",
    [AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<Hybrid_SequenceMixerOpInterface,
       ["getContextOperands", "getContextView", "buildContinuation"]>],
    ["createTile"]> {
  let summary = "scaled dot-product attention with grouped heads";
  let description = [{
    `score = scale * query . key`, then `softcap * tanh(score / softcap)` where
    `softcap` is not 0, then `+ bias`; `y` is the softmax of the scores over `s`,
    applied to the values. `r` query heads share each of the `h` key/value heads.
    With a causal mask, query `m` sees the keys `s <= m + query_offset`; an
    absent offset is 0, and with a `window` of `w` keys, of these the last `w`
    alone: `s > m + query_offset - w`. A `sink` is one more score in the softmax
    of its head, as it is given, to which no value belongs: it takes its share of
    the weight away. A query that sees no key, or only scores of -inf, gives 0.
    Scores and softmax are f32.

    | operand | dimensions |
    |---|---|
    | `query` | `[b, h, r, m, d]` |
    | `key` | `[b, h, s, d]` |
    | `value` | `[b, h, s, e]` |
    | `bias` (optional) | `[b or 1, h or 1, r or 1, m or 1, s]` |
    | `query_offset` (optional) | `[]` or `[b]`, i64 |
    | `sink` (optional) | `[h, r]` |
    | `y` (init) | `[b, h, r, m, e]`, written |

    ```mlir
    %y = hybrid.attention ins(%q, %k, %v : tensor<1x2x4x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>)
        query_offset(%past : tensor<i64>) outs(%init : tensor<1x2x4x?x16xf32>)
        {scale = 0.25 : f32, mask = #hybrid.mask<causal>} -> tensor<1x2x4x?x16xf32>
    ```

    Loops for tiling: `b, h, r, m`, all parallel. A tile of `m` gets its own
    offset. To cut `s`, use `hybrid.online_attention`.

    1. (`attention_c1`) the ranks are those of the table.
    2. (`attention_c2`) dimensions with the same letter have the same size; those
       of `bias` may be 1 where the table says so.
    3. (`attention_c3`) `query`, `key`, `value` and `y` have one element type: f32, f16 or bf16.
    4. (`attention_c4`) `bias` has that type or f32.
    5. (`attention_c5`) `query_offset` is i64.
    6. (`attention_c6`) `softcap` is not negative.
    7. (`attention_c7`) `window` is not negative, and 0 (no window) without a causal mask.
    8. (`attention_c8`) `sink` has the type of `query` or f32.
  }];
  let arguments = (ins Hybrid_Shaped:$query, Hybrid_Shaped:$key, Hybrid_Shaped:$value,
                       Optional<Hybrid_Shaped>:$bias, Optional<Hybrid_Shaped>:$query_offset,
                       Optional<Hybrid_Shaped>:$sink, Hybrid_Shaped:$y, F32Attr:$scale,
                       DefaultValuedAttr<Hybrid_AttentionMaskAttr,
                                         "::mlir::hybrid::AttentionMask::None">:$mask,
                       DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
                       DefaultValuedAttr<I64Attr, "0">:$window);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`query_offset` `(` $query_offset^ `:` type($query_offset) `)`)?
    (`sink` `(` $sink^ `:` type($sink) `)`)?
    `outs` `(` $y `:` type($y) `)` attr-dict (`->` type($resultTensors)^)?
  }];
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$key,
      "::mlir::Value":$value, "::mlir::Value":$bias, "::mlir::Value":$queryOffset,
      "::mlir::Value":$y, "float":$scale,
      CArg<"::mlir::hybrid::AttentionMask", "::mlir::hybrid::AttentionMask::None">:$mask,
      CArg<"float", "0.0f">:$softcap, CArg<"int64_t", "0">:$window,
      CArg<"::mlir::Value", "{}">:$sink), [{
    build($_builder, $_state, detail::tensorTypes({y}), query, key, value, bias, queryOffset,
          sink, y, $_builder.getF32FloatAttr(scale),
          ::mlir::hybrid::AttentionMaskAttr::get($_builder.getContext(), mask),
          $_builder.getF32FloatAttr(softcap), $_builder.getI64IntegerAttr(window));
  }]>];
}

def Hybrid_OnlineAttentionOp : Hybrid_ComputeOp<"online_attention", 3, "true",
    [AttrSizedOperandSegments], ["createTile", "getCarriedLoops"]> {
  let summary = "attention over some of the keys, with running maximum and sum";
  let description = [{
    The operands and scores of `hybrid.attention`. Instead of `y` it carries what
    is needed to go on with further keys: the maximum of the scores so far, the
    sum of `exp(score - max)`, and the values weighted by it. Before the first
    keys `acc = 0`, `max = -inf`, `sum = 0` (with a sink `max = sink`, `sum = 1`);
    after the last `y = acc / sum`, or 0
    where the sum is 0 (Milakov and Gimelshein 2018, "Online normalizer
    calculation for softmax").

    | init | dimensions |
    |---|---|
    | `acc` | `[b, h, r, m, e]`, f32, read and written |
    | `max`, `sum` | `[b, h, r, m]`, f32, read and written |

    ```mlir
    %a, %m, %s = hybrid.online_attention ins(%q, %k, %v : tensor<1x2x4x1x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>)
        outs(%acc, %max, %sum : tensor<1x2x4x1x16xf32>, tensor<1x2x4x1xf32>, tensor<1x2x4x1xf32>)
        {scale = 0.25 : f32} -> tensor<1x2x4x1x16xf32>, tensor<1x2x4x1xf32>, tensor<1x2x4x1xf32>
    ```

    Loops for tiling: `b, h, r, m` are parallel and `s` carries the three inits
    (it is a `reduction` loop). A tile of `m` or `s` gets its own offset.

    1. (`online_attention_c1`) the ranks are those of the tables.
    2. (`online_attention_c2`) dimensions with the same letter have the same
       size; those of `bias` may be 1 as in `hybrid.attention`.
    3. (`online_attention_c3`) `query`, `key` and `value` have one element type: f32, f16 or bf16.
    4. (`online_attention_c4`) `bias` has that type or f32.
    5. (`online_attention_c5`) `query_offset` is i64.
    6. (`online_attention_c6`) `softcap` is not negative.
    7. (`online_attention_c7`) `acc`, `max` and `sum` are f32.
    8. (`online_attention_c8`) `window` is not negative, and 0 without a causal mask.
  }];
  let arguments = (ins Hybrid_Shaped:$query, Hybrid_Shaped:$key, Hybrid_Shaped:$value,
                       Optional<Hybrid_Shaped>:$bias, Optional<Hybrid_Shaped>:$query_offset,
                       Hybrid_Shaped:$acc, Hybrid_Shaped:$max, Hybrid_Shaped:$sum, F32Attr:$scale,
                       DefaultValuedAttr<Hybrid_AttentionMaskAttr,
                                         "::mlir::hybrid::AttentionMask::None">:$mask,
                       DefaultValuedAttr<F32Attr, "0.0f">:$softcap,
                       DefaultValuedAttr<I64Attr, "0">:$window);
  let assemblyFormat = [{
    `ins` `(` $query `,` $key `,` $value `:` type($query) `,` type($key) `,` type($value) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    (`query_offset` `(` $query_offset^ `:` type($query_offset) `)`)?
    `outs` `(` $acc `,` $max `,` $sum `:` type($acc) `,` type($max) `,` type($sum) `)`
    attr-dict (`->` type($resultTensors)^)?
  }];
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$key,
      "::mlir::Value":$value, "::mlir::Value":$bias, "::mlir::Value":$queryOffset,
      "::mlir::Value":$acc, "::mlir::Value":$max, "::mlir::Value":$sum, "float":$scale,
      CArg<"::mlir::hybrid::AttentionMask", "::mlir::hybrid::AttentionMask::None">:$mask,
      CArg<"float", "0.0f">:$softcap, CArg<"int64_t", "0">:$window), [{
    build($_builder, $_state, detail::tensorTypes({acc, max, sum}), query, key, value, bias,
          queryOffset, acc, max, sum, $_builder.getF32FloatAttr(scale),
          ::mlir::hybrid::AttentionMaskAttr::get($_builder.getContext(), mask),
          $_builder.getF32FloatAttr(softcap), $_builder.getI64IntegerAttr(window));
  }]>];
}

def Hybrid_KvCacheUpdateOp : Hybrid_ComputeOp<"kv_cache_update", 1, "true"> {
  let summary = "writes new keys or values into a cache";
  let description = [{
    `cache[b, h, position + i, :] = new_values[b, h, i, :]` for each `i`; the rest
    of the cache keeps its contents. `0 <= position` and
    `position + l <= cap` must hold: what happens otherwise is undefined, so
    whoever makes the op checks it.

    | operand | dimensions |
    |---|---|
    | `new_values` | `[b, h, l, d]` |
    | `position` | `[]` or `[b]`, i64 |
    | `cache` (init) | `[b, h, cap, d]`, written where said |

    ```mlir
    %cache1 = hybrid.kv_cache_update ins(%new, %past : tensor<1x2x?x16xf32>, tensor<i64>)
        outs(%cache : tensor<1x2x4096x16xf32>) -> tensor<1x2x4096x16xf32>
    ```

    Loops for tiling: `b, h`, all parallel.

    1. (`kv_cache_update_c1`) the ranks are those of the table.
    2. (`kv_cache_update_c2`) dimensions with the same letter have the same size.
    3. (`kv_cache_update_c3`) `new_values` and `cache` have one element type: f32, f16 or bf16.
    4. (`kv_cache_update_c4`) `position` is i64.
    5. (`kv_cache_update_c5`) `l` is at most `cap`.
  }];
  let arguments = (ins Hybrid_Shaped:$new_values, Hybrid_Shaped:$position, Hybrid_Shaped:$cache);
  let assemblyFormat = [{
    `ins` `(` $new_values `,` $position `:` type($new_values) `,` type($position) `)`
    `outs` `(` $cache `:` type($cache) `)` attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$newValues, "::mlir::Value":$position,
                                 "::mlir::Value":$cache), [{
    build($_builder, $_state, detail::tensorTypes({cache}), newValues, position, cache);
  }]>];
}

def Hybrid_RotaryEmbeddingOp : Hybrid_ComputeOp<"rotary_embedding", 1, "false"> {
  let summary = "rotates pairs of dimensions by the position's angles";
  let description = [{
    The first `rotary_dim = rd` dimensions of each head make `rd / 2` pairs
    `(u, v)`: with `half`, pair `i` is the dimensions `i` and `i + rd / 2`; with
    `interleaved`, `2i` and `2i + 1`. Each pair becomes
    `(u cos - v sin, v cos + u sin)`, computed in f32. The other dimensions pass
    through (Su et al. 2021, "RoFormer").

    | operand | dimensions |
    |---|---|
    | `input` | `[b, l, h, d]` |
    | `cos`, `sin` | `[b or 1, l, rd / 2]` |
    | `y` (init) | `[b, l, h, d]`, written |

    ```mlir
    %y = hybrid.rotary_embedding ins(%x, %cos, %sin : tensor<?x?x4x16xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>)
        outs(%init : tensor<?x?x4x16xf32>) {rotary_dim = 8} -> tensor<?x?x4x16xf32>
    ```

    Loops for tiling: `b, l, h`, all parallel.

    1. (`rotary_embedding_c1`) the ranks are those of the table.
    2. (`rotary_embedding_c2`) dimensions with the same letter have the same
       size; those of `cos` and `sin` may be 1 where the table says so.
    3. (`rotary_embedding_c3`) `rotary_dim` is even, positive and at most `d`.
    4. (`rotary_embedding_c4`) the last dimension of `cos` and `sin` is `rotary_dim / 2`.
    5. (`rotary_embedding_c5`) `input` and `y` have one element type: f32, f16 or bf16.
    6. (`rotary_embedding_c6`) `cos` and `sin` have that type or f32.
  }];
  let arguments = (ins Hybrid_Shaped:$input, Hybrid_Shaped:$cos, Hybrid_Shaped:$sin,
                       Hybrid_Shaped:$y, I64Attr:$rotary_dim,
                       DefaultValuedAttr<Hybrid_RotaryModeAttr,
                                         "::mlir::hybrid::RotaryMode::Half">:$mode);
  let assemblyFormat = [{
    `ins` `(` $input `,` $cos `,` $sin `:` type($input) `,` type($cos) `,` type($sin) `)`
    `outs` `(` $y `:` type($y) `)` attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$cos,
      "::mlir::Value":$sin, "::mlir::Value":$y, "::mlir::hybrid::RotaryMode":$mode,
      "int64_t":$rotaryDim), [{
    build($_builder, $_state, detail::tensorTypes({y}), input, cos, sin, y,
          $_builder.getI64IntegerAttr(rotaryDim),
          ::mlir::hybrid::RotaryModeAttr::get($_builder.getContext(), mode));
  }]>];
}

} // opDocGroup

#endif // JARANA_HYBRID_ATTENTION_OPS_TD
