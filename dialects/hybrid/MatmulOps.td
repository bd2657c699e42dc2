// Matrix products with weights in a packed or quantised form, or that are
// chosen per row.
#ifndef JARANA_HYBRID_MATMUL_OPS_TD
#define JARANA_HYBRID_MATMUL_OPS_TD

include "dialects/hybrid/ComputeOpBase.td"

def Hybrid_MatmulDocs : OpDocGroup {
  let summary = "Matrix products";
  let description = "Products with weights in a form of their own, or chosen per row.";
}

let opDocGroup = Hybrid_MatmulDocs in {

def Hybrid_QuantizedMatmulOp : Hybrid_ComputeOp<"quantized_matmul", 1, "false"> {
  let summary = "matrix product with integer weights and a scale per block";
  let description = [{
    `y[..., j] = sum_i lhs[..., i] * (code[j, i] - zero_point[j, i / block]) * scale[j, i / block]`,
    summed in f32. The codes of a row are stored block by block, the last block
    padded; codes are unsigned. With 4 bits two of them share a byte, the one
    with the lower index in the low half; zero points are packed likewise along
    their row. (The layout of MatMulNBits of com.microsoft.)

    | operand | dimensions |
    |---|---|
    | `lhs` | `[..., k]` |
    | `codes` | `[n, q, block * bits / 8]`, i8, with `q = ceil(k / block)` |
    | `scales` | `[n, q]` |
    | `zero_points` (optional) | `[n, ceil(q * bits / 8)]`, i8; `2^(bits - 1)` where absent |
    | `y` (init) | `[..., n]`, written |

    ```mlir
    %y = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<?x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
        outs(%init : tensor<?x24xf32>) {bits = 4, block = 32} -> tensor<?x24xf32>
    ```

    Loops for tiling: the leading dimensions of `lhs`, then `n`, all parallel.

    1. (`quantized_matmul_c1`) the ranks are those of the table, that of `lhs` is 1 to 10, that of `y` the same.
    2. (`quantized_matmul_c2`) dimensions with the same letter have the same size.
    3. (`quantized_matmul_c3`) `bits` is 4 or 8, `block` is positive and `block * bits` a multiple of 8.
    4. (`quantized_matmul_c4`) `q` is `ceil(k / block)`, the last dimension of `codes` is
       `block * bits / 8`, that of `zero_points` is `ceil(q * bits / 8)`.
    5. (`quantized_matmul_c5`) `lhs` and `y` have one element type: f32, f16 or bf16.
    6. (`quantized_matmul_c6`) `scales` has that type or f32.
    7. (`quantized_matmul_c7`) `codes` and `zero_points` are i8.
  }];
  let arguments = (ins Hybrid_Shaped:$lhs, Hybrid_Shaped:$codes, Hybrid_Shaped:$scales,
                       Optional<Hybrid_Shaped>:$zero_points, Hybrid_Shaped:$y, I64Attr:$bits,
                       I64Attr:$block);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $codes `,` $scales `:` type($lhs) `,` type($codes) `,` type($scales) `)`
    (`zero_points` `(` $zero_points^ `:` type($zero_points) `)`)?
    `outs` `(` $y `:` type($y) `)` attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$codes,
      "::mlir::Value":$scales, "::mlir::Value":$zeroPoints, "::mlir::Value":$y,
      "int64_t":$bits, "int64_t":$block), [{
    build($_builder, $_state, detail::tensorTypes({y}), lhs, codes, scales, zeroPoints, y,
          $_builder.getI64IntegerAttr(bits), $_builder.getI64IntegerAttr(block));
  }]>];
}

def Hybrid_PackedMatmulOp : Hybrid_ComputeOp<"packed_matmul", 1, "false",
    [], ["getLoopNest"]> {
  let summary = "matrix product with a weight packed into panels";
  let description = [{
    `y[i, q * nr + j] = sum_k lhs[i, k] * panels[q, k, j]` for the columns below
    `n`, summed in f32. The columns of the last panel beyond `n` are padding.
    Panels of i8 are signed codes, whose scale is somebody else's.

    | operand | dimensions |
    |---|---|
    | `lhs` | `[m, k]` |
    | `panels` | `[ceil(n / nr), k, nr]` |
    | `y` (init) | `[m, n]`, written |

    ```mlir
    %y = hybrid.packed_matmul ins(%x, %panels : tensor<?x64xf32>, tensor<19x64x16xf32>)
        outs(%init : tensor<?x296xf32>) -> tensor<?x296xf32>
    ```

    Loops for tiling: `m`, and the panels: a tile size of the second loop counts
    panels, not columns, so that no tile cuts a panel. Both are parallel.

    1. (`packed_matmul_c1`) the ranks are those of the table.
    2. (`packed_matmul_c2`) dimensions with the same letter have the same size.
    3. (`packed_matmul_c3`) the width of a panel is known and positive, and there are `ceil(n / nr)` panels.
    4. (`packed_matmul_c4`) `lhs` and `y` have one element type, f32, f16 or bf16; `panels` has any of these, or i8.
  }];
  let arguments = (ins Hybrid_Shaped:$lhs, Hybrid_Shaped:$panels, Hybrid_Shaped:$y);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $panels `:` type($lhs) `,` type($panels) `)`
    `outs` `(` $y `:` type($y) `)` attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$panels,
                                 "::mlir::Value":$y), [{
    build($_builder, $_state, detail::tensorTypes({y}), lhs, panels, y);
  }]>];
}

def Hybrid_IndexedMatmulOp : Hybrid_ComputeOp<"indexed_matmul", 1, "false"> {
  let summary = "product of each row with a matrix that an index chooses";
  let description = [{
    `y[t, j] = sum_i lhs[t, i] * weights[indices[t], i, j]`, summed in f32: the
    products of routed experts, where `t` counts pairs of a token and an expert
    chosen for it. With `transposed` a matrix is stored as `[n, k]`, so that it
    is `weights[indices[t], j, i]`. No matrix is copied.

    An index counts from the end where it is negative. One outside `[-e, e)`
    leaves its row of `y` undefined, and nothing outside of `weights` is read.

    | operand | dimensions |
    |---|---|
    | `lhs` | `[t, k]` |
    | `weights` | `[e, k, n]`, or `[e, n, k]` with `transposed` |
    | `indices` | `[t]`, i64 |
    | `y` (init) | `[t, n]`, written |

    ```mlir
    %y = hybrid.indexed_matmul ins(%x, %experts, %chosen : tensor<?x64xf32>, tensor<4x192x64xf32>, tensor<?xi64>)
        outs(%init : tensor<?x192xf32>) {transposed} -> tensor<?x192xf32>
    ```

    Loops for tiling: `t`, then `n`, both parallel.

    1. (`indexed_matmul_c1`) the ranks are those of the table.
    2. (`indexed_matmul_c2`) dimensions with the same letter have the same size.
    3. (`indexed_matmul_c3`) the number of matrices `e` is known and positive.
    4. (`indexed_matmul_c4`) `lhs` and `y` have one element type, f32, f16 or bf16; `weights` has any of these.
    5. (`indexed_matmul_c5`) `indices` is i64.
  }];
  let arguments = (ins Hybrid_Shaped:$lhs, Hybrid_Shaped:$weights, Hybrid_Shaped:$indices,
                       Hybrid_Shaped:$y, UnitAttr:$transposed);
  let assemblyFormat = [{
    `ins` `(` $lhs `,` $weights `,` $indices `:` type($lhs) `,` type($weights) `,` type($indices) `)`
    `outs` `(` $y `:` type($y) `)` attr-dict (`->` type($resultTensors)^)?
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$lhs, "::mlir::Value":$weights,
      "::mlir::Value":$indices, "::mlir::Value":$y, "bool":$transposed), [{
    build($_builder, $_state, detail::tensorTypes({y}), lhs, weights, indices, y,
          transposed ? $_builder.getUnitAttr() : ::mlir::UnitAttr());
  }]>];
}

} // opDocGroup

#endif // JARANA_HYBRID_MATMUL_OPS_TD
