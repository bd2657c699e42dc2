// Normalisation.
#ifndef JARANA_HYBRID_NORM_OPS_TD
#define JARANA_HYBRID_NORM_OPS_TD

include "dialects/hybrid/ComputeOpBase.td"

def Hybrid_NormDocs : OpDocGroup {
  let summary = "Norms";
  let description = "Normalisation of each position by itself.";
}

let opDocGroup = Hybrid_NormDocs in {

def Hybrid_RmsNormOp : Hybrid_ComputeOp<"rms_norm", 1, "false", [AttrSizedOperandSegments]> {
  let summary = "root-mean-square norm, with an optional gate";
  let description = [{
    The last dimension is cut into `groups` groups of `n / groups` elements, and
    `norm(v) = v / sqrt(mean(v^2) + epsilon)` with the mean over a group.
    Without a gate `y = weight * norm(input)`. With a gate *before*,
    `y = weight * norm(input * silu(gate))`; with a gate *after*,
    `y = weight * norm(input) * silu(gate)`. All in f32.

    | operand | dimensions |
    |---|---|
    | `input` | `[..., n]` |
    | `weight` (optional) | `[n]`; 1 where absent |
    | `gate` (optional) | `[..., n]` |
    | `y` (init) | `[..., n]`, written |

    ```mlir
    %y = hybrid.rms_norm ins(%x : tensor<?x?x128xf32>) weight(%w : tensor<128xf32>) gate(%z : tensor<?x?x128xf32>)
        outs(%init : tensor<?x?x128xf32>) {epsilon = 1.0e-5 : f32, groups = 2} -> tensor<?x?x128xf32>
    ```

    Loops for tiling: all dimensions but the last, all parallel.

    1. (`rms_norm_c1`) `input` has rank 1 to 10, `gate` and `y` have its rank,
       `weight` has rank 1.
    2. (`rms_norm_c2`) `gate` and `y` have the dimensions of `input`, `weight` the last one.
    3. (`rms_norm_c3`) `groups` is positive and divides `n`.
    4. (`rms_norm_c4`) `input` and `y` have one element type: f32, f16 or bf16.
    5. (`rms_norm_c5`) `weight` and `gate` have that type or f32.
    6. (`rms_norm_c6`) `epsilon` is not negative.
  }];
  let arguments = (ins Hybrid_Shaped:$input, Optional<Hybrid_Shaped>:$weight,
                       Optional<Hybrid_Shaped>:$gate, Hybrid_Shaped:$y, F32Attr:$epsilon,
                       DefaultValuedAttr<I64Attr, "1">:$groups,
                       DefaultValuedAttr<Hybrid_GatePositionAttr,
                                         "::mlir::hybrid::GatePosition::Before">:$gate_position);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)`
    (`weight` `(` $weight^ `:` type($weight) `)`)?
    (`gate` `(` $gate^ `:` type($gate) `)`)?
    `outs` `(` $y `:` type($y) `)` attr-dict (`->` type($resultTensors)^)?
  }];
  let hasCanonicalizer = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$weight,
      "::mlir::Value":$gate, "::mlir::Value":$y, "float":$epsilon,
      CArg<"int64_t", "1">:$groups,
      CArg<"::mlir::hybrid::GatePosition",
           "::mlir::hybrid::GatePosition::Before">:$gatePosition), [{
    build($_builder, $_state, detail::tensorTypes({y}), input, weight, gate, y,
          $_builder.getF32FloatAttr(epsilon), $_builder.getI64IntegerAttr(groups),
          ::mlir::hybrid::GatePositionAttr::get($_builder.getContext(), gatePosition));
  }]>];
}

} // opDocGroup

#endif // JARANA_HYBRID_NORM_OPS_TD
