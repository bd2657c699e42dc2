// Ops that carry a state along the sequence: scans and causal convolution.
#ifndef JARANA_HYBRID_SCAN_OPS_TD
#define JARANA_HYBRID_SCAN_OPS_TD

include "dialects/hybrid/ComputeOpBase.td"

def Hybrid_ScanDocs : OpDocGroup {
  let summary = "Scans and convolution";
  let description = "Ops that carry a state of fixed size along the sequence.";
}

let opDocGroup = Hybrid_ScanDocs in {

def Hybrid_SsdScanOp : Hybrid_ComputeOp<"ssd_scan", 2, "init == 1",
    [DeclareOpInterfaceMethods<Hybrid_SequenceMixerOpInterface, ["getStateOperands"]>],
    ["getCarriedLoops"]> {
  let summary = "selective state-space scan (Mamba-2)";
  let description = [{
    For each batch and head, with `S` the state:
    `S_t = exp(dt_t * a) S_{t-1} + dt_t x_t (outer) b_t` and `y_t = S_t c_t`
    (Dao and Gu 2024, "Transformers are SSMs"). `b` and `c` are shared by the
    heads of a group and are never expanded to heads. The state is read and
    written; the recurrence and the decay are computed in f32 whatever the
    element types are.

    | operand | dimensions | |
    |---|---|---|
    | `x` | `[b, l, g, r, p]` | values |
    | `dt` (optional) | `[b, l, g, r]` | step sizes; 1 where absent |
    | `a` | `[g, r]` or `[b, l, g, r]` | logarithm of the decay per unit of `dt` |
    | `b`, `c` | `[b, l, g, n]` | input and output projections |
    | `y` (init) | `[b, l, g, r, p]` | written |
    | `state` (init) | `[b, g, r, p, n]` | read and written |

    `chunk` hints how many positions the chunked form takes at once. It never
    changes what the result is. Decomposing the op gives the chunked form where
    the hint is there, and one step after another where it is not.

    ```mlir
    %y, %s = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<1x?x1x8x16xf32>, tensor<1x8xf32>, tensor<1x?x1x16xf32>, tensor<1x?x1x16xf32>)
        dt(%dt : tensor<1x?x1x8xf32>)
        outs(%init, %state : tensor<1x?x1x8x16xf32>, tensor<1x1x8x16x16xf32>)
        -> tensor<1x?x1x8x16xf32>, tensor<1x1x8x16x16xf32>
    ```

    Loops for tiling: `b, l, g, r, p`; `l` carries the state (it is a
    `reduction` loop), the others are parallel.

    1. (`ssd_scan_c1`) the ranks are those of the table.
    2. (`ssd_scan_c2`) dimensions with the same letter have the same size.
    3. (`ssd_scan_c3`) `x`, `b`, `c` and `y` have one element type: f32, f16 or bf16.
    4. (`ssd_scan_c4`) `dt`, `a` and `state` have that type or f32.
    5. (`ssd_scan_c5`) `chunk` is positive.
  }];
  let arguments = (ins Hybrid_Shaped:$x, Optional<Hybrid_Shaped>:$dt, Hybrid_Shaped:$a,
                       Hybrid_Shaped:$b, Hybrid_Shaped:$c, Hybrid_Shaped:$y,
                       Hybrid_Shaped:$state, OptionalAttr<I64Attr>:$chunk);
  let assemblyFormat = [{
    `ins` `(` $x `,` $a `,` $b `,` $c `:` type($x) `,` type($a) `,` type($b) `,` type($c) `)`
    (`dt` `(` $dt^ `:` type($dt) `)`)?
    `outs` `(` $y `,` $state `:` type($y) `,` type($state) `)`
    attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$dt, "::mlir::Value":$a,
      "::mlir::Value":$b, "::mlir::Value":$c, "::mlir::Value":$y, "::mlir::Value":$state,
      CArg<"std::optional<int64_t>", "std::nullopt">:$chunk), [{
    build($_builder, $_state, detail::tensorTypes({y, state}), x, dt, a, b, c, y, state,
          chunk ? $_builder.getI64IntegerAttr(*chunk) : ::mlir::IntegerAttr());
  }]>];
  let hasCanonicalizer = 1;
}

def Hybrid_StateUpdateOp : Hybrid_ComputeOp<"state_update", 2, "init == 1"> {
  let summary = "one position of a selective scan";
  let description = [{
    `hybrid.ssd_scan` at one position, without the sequence dimension: one read
    and one write of the state.
    `S = exp(dt * a) S + dt x (outer) b`, `y = S c`.

    | operand | dimensions |
    |---|---|
    | `x` | `[b, g, r, p]` |
    | `dt` (optional) | `[b, g, r]` |
    | `a` | `[g, r]` or `[b, g, r]` |
    | `b`, `c` | `[b, g, n]` |
    | `y` (init) | `[b, g, r, p]`, written |
    | `state` (init) | `[b, g, r, p, n]`, read and written |

    ```mlir
    %y, %s = hybrid.state_update ins(%x, %a, %b, %c : tensor<?x1x8x16xf32>, tensor<1x8xf32>, tensor<?x1x16xf32>, tensor<?x1x16xf32>)
        outs(%init, %state : tensor<?x1x8x16xf32>, tensor<?x1x8x16x16xf32>)
        -> tensor<?x1x8x16xf32>, tensor<?x1x8x16x16xf32>
    ```

    Loops for tiling: `b, g, r, p`, all parallel.

    1. (`state_update_c1`) the ranks are those of the table.
    2. (`state_update_c2`) dimensions with the same letter have the same size.
    3. (`state_update_c3`) `x`, `b`, `c` and `y` have one element type: f32, f16 or bf16.
    4. (`state_update_c4`) `dt`, `a` and `state` have that type or f32.
  }];
  let arguments = (ins Hybrid_Shaped:$x, Optional<Hybrid_Shaped>:$dt, Hybrid_Shaped:$a,
                       Hybrid_Shaped:$b, Hybrid_Shaped:$c, Hybrid_Shaped:$y,
                       Hybrid_Shaped:$state);
  let assemblyFormat = [{
    `ins` `(` $x `,` $a `,` $b `,` $c `:` type($x) `,` type($a) `,` type($b) `,` type($c) `)`
    (`dt` `(` $dt^ `:` type($dt) `)`)?
    `outs` `(` $y `,` $state `:` type($y) `,` type($state) `)`
    attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$dt, "::mlir::Value":$a,
      "::mlir::Value":$b, "::mlir::Value":$c, "::mlir::Value":$y, "::mlir::Value":$state), [{
    build($_builder, $_state, detail::tensorTypes({y, state}), x, dt, a, b, c, y, state);
  }]>];
}

def Hybrid_CausalConv1dOp : Hybrid_ComputeOp<"causal_conv1d", 2, "init == 1",
    [DeclareOpInterfaceMethods<Hybrid_SequenceMixerOpInterface, ["getStateOperands"]>],
    ["getCarriedLoops"]> {
  let summary = "causal depthwise convolution with a window that is carried on";
  let description = [{
    With `full` the concatenation of `state` and `input` along the sequence:
    `y[b, t, ch] = activation(bias[ch] + sum_j weight[ch, j] * full[b, t + j, ch])`,
    summed in f32. The state becomes the last `k - 1` positions of `full`.

    | operand | dimensions |
    |---|---|
    | `input` | `[b, l, ch]` |
    | `weight` | `[ch, k]` |
    | `bias` (optional) | `[ch]` |
    | `y` (init) | `[b, l, ch]`, written |
    | `state` (init) | `[b, k - 1, ch]`, read and written |

    `activation` is `none` (default) or `silu`.

    ```mlir
    %y, %s = hybrid.causal_conv1d ins(%x, %weight : tensor<?x?x160xf32>, tensor<160x4xf32>)
        bias(%bias : tensor<160xf32>)
        outs(%init, %state : tensor<?x?x160xf32>, tensor<?x3x160xf32>) {activation = #hybrid.activation<silu>}
        -> tensor<?x?x160xf32>, tensor<?x3x160xf32>
    ```

    Loops for tiling: `b, l, ch`; `l` carries the state (it is a `reduction`
    loop), the others are parallel.

    1. (`causal_conv1d_c1`) the ranks are those of the table.
    2. (`causal_conv1d_c2`) dimensions with the same letter have the same size.
    3. (`causal_conv1d_c3`) the state has `k - 1` positions, and `k` is positive.
    4. (`causal_conv1d_c4`) all operands have one element type, f32, f16 or bf16,
       but the state may be f32 too.
  }];
  let arguments = (ins Hybrid_Shaped:$input, Hybrid_Shaped:$weight,
                       Optional<Hybrid_Shaped>:$bias, Hybrid_Shaped:$y, Hybrid_Shaped:$state,
                       DefaultValuedAttr<Hybrid_ActivationAttr,
                                         "::mlir::hybrid::Activation::None">:$activation);
  let assemblyFormat = [{
    `ins` `(` $input `,` $weight `:` type($input) `,` type($weight) `)`
    (`bias` `(` $bias^ `:` type($bias) `)`)?
    `outs` `(` $y `,` $state `:` type($y) `,` type($state) `)`
    attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$weight,
      "::mlir::Value":$bias, "::mlir::Value":$y, "::mlir::Value":$state,
      CArg<"::mlir::hybrid::Activation", "::mlir::hybrid::Activation::None">:$activation), [{
    build($_builder, $_state, detail::tensorTypes({y, state}), input, weight, bias, y, state,
          activation);
  }]>];
}

} // opDocGroup

#endif // JARANA_HYBRID_SCAN_OPS_TD
