// What the lowerings of named operators share.
#pragma once

#include "passes/raise/Lowering.h"

namespace jarana::raise {

/// Rotates input [b, l, h, d] with the rows of cos and sin [positions, rd / 2]
/// that `positions` [b or 1, l] names (checked at run time), or with cos and
/// sin [b or 1, l, rd / 2] where `positions` is absent. Gives [b, l, h, d].
Tensor rotate(Lowering &lowering, mlir::Operation *op, Tensor input, Tensor cos,
              Tensor sin, Tensor positions, bool interleaved);

/// Where `op`, a product or RMSNormalization, ends a norm with a gate, with
/// groups, or with a weight of its own: lowers all of it as one
/// hybrid.rms_norm. False where it does not.
bool lowerGatedNorm(Lowering &lowering, mlir::Operation *op);

/// What a query sees beside the bias.
struct KeyLimits {
  Tensor offset;     ///< [] or [b], i64: keys before the first query; absent: 0
  Tensor validKeys;  ///< [b], i64: keys from this one on are padding; absent:
                     ///< all are valid
  int64_t left = -1; ///< keys before the query's position that it sees; -1: all
  int64_t right = -1; ///< keys after it; -1: all
};

/// The mask of an attention op, broadcastable to [b, hq, m, s] (its last
/// dimension may be shorter: -inf follows), as the bias of hybrid.attention [b
/// or 1, h or 1, r or 1, m or 1, s]; with limits, combined with them. Absent
/// where both are.
Tensor attentionBias(Lowering &lowering, Tensor mask, const KeyLimits &limits,
                     const Expr &batch, int64_t heads, int64_t shared,
                     const Expr &queries, const Expr &keys);

/// The scores of query [b, h, r, m, d] and key [b, h, s, d] as floats
/// [b, h, r, m, s]: mode 0 scaled, 1 capped, 2 with the bias, 3 their softmax.
Tensor attentionScores(Lowering &lowering, Tensor query, Tensor key,
                       Tensor bias, double scale, double softcap, int64_t mode);

/// What the attention operators come down to.
struct AttentionParts {
  Tensor query;      ///< [b, h, r, m, d]; h and r are known
  Tensor key, value; ///< [b, h, s, d], [b, h, s, e]
  Tensor mask;       ///< as of attentionBias; may be absent
  KeyLimits limits;
  double scale = 1, softcap = 0;
  bool causal = false; ///< with the limits' offset
  Tensor sink = {};    ///< [h, r]; may be absent
  std::vector<std::pair<std::string, std::string>> facts =
      {}; ///< for the report
};

/// The scale that is given, or 1 / sqrt(width): an error where neither is
/// known.
mlir::FailureOr<double> attentionScale(mlir::Operation *op,
                                       std::optional<double> given,
                                       const Expr &width);

/// Makes hybrid.attention for `op` and reports it: [b, h, r, m, e].
Tensor attend(Lowering &lowering, mlir::Operation *op,
              const AttentionParts &parts);

/// Sets results 1 and 2 of `op`, where it has them.
void setPresent(Lowering &lowering, mlir::Operation *op, Tensor key,
                Tensor value);

/// A 0-d i64 tensor.
Tensor scalarTensor(Lowering &lowering, const Expr &value);

} // namespace jarana::raise
