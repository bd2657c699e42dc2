// Attention to hybrid.attention.
#include "passes/raise/lower/Scalars.h"
#include "passes/raise/named/Named.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen?, and in
/// AttentionWithSink sink -> Y,
/// present_key?, present_value?, qk_matmul_output?.
LogicalResult lowerAttention(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  symbolic::Context &context = lowering.context();
  Tensor query = lowering.get(op, 0), key = lowering.get(op, 1),
         value = lowering.get(op, 2);
  bool flat = query.rank() == 3;
  auto headsOf = [&](const Tensor &tensor, StringRef attribute) -> int64_t {
    return flat ? Lowering::integer(op, attribute)
                : tensor.shape[1].constant().value_or(0);
  };
  int64_t queryHeads = headsOf(query, "q_num_heads"),
          heads = headsOf(key, "kv_num_heads");
  if (heads < 1 || queryHeads < 1 || queryHeads % heads != 0)
    return Lowering::error(op) << "needs a number of query heads that is a "
                                  "known multiple of the key/value heads";
  int64_t shared = queryHeads / heads;
  Expr batch = query.shape[0], queries = flat ? query.shape[1] : query.shape[2];
  Expr fresh = flat ? key.shape[1] : key.shape[2];
  auto widthOf = [&](const Tensor &tensor, int64_t count) {
    return flat ? context.floorDiv(tensor.shape[2], Expr(count))
                : tensor.shape[3];
  };
  Expr width = widthOf(query, queryHeads), valueWidth = widthOf(value, heads);
  Expr h(heads), r(shared);
  if (flat) {
    query = build.transpose(build.reshape(query, {batch, queries, h, r, width}),
                            {0, 2, 3, 1, 4});
    key = build.transpose(build.reshape(key, {batch, fresh, h, width}),
                          {0, 2, 1, 3});
    value = build.transpose(build.reshape(value, {batch, fresh, h, valueWidth}),
                            {0, 2, 1, 3});
  } else {
    query = build.reshape(query, {batch, h, r, queries, width});
  }
  KeyLimits limits;
  Expr keys = fresh;
  if (lowering.present(op, 4)) {
    Tensor pastKey = lowering.get(op, 4), pastValue = lowering.get(op, 5);
    Expr past = pastKey.shape[2];
    keys = context.simplify(past + fresh);
    key = build.concat({pastKey, key}, 2, {batch, h, keys, width});
    value = build.concat({pastValue, value}, 2, {batch, h, keys, valueWidth});
    limits.offset = scalarTensor(lowering, past);
  }
  setPresent(lowering, op, key, value);
  if (lowering.present(op, 6)) {
    limits.validKeys = lowering.get(op, 6);
    Value count = arith::IndexCastOp::create(
        build.b, build.loc, build.b.getI64Type(), build.index(queries));
    limits.offset = build.elementwiseRaw(
        {limits.validKeys}, limits.validKeys.shape, build.b.getI64Type(),
        [&](OpBuilder &b, Location loc, ValueRange v) {
          return Scalars(b, loc).sub(v[0], count);
        });
  }
  limits.left = Lowering::integer(op, "left_window_size", -1);
  limits.right = Lowering::integer(op, "right_window_size", -1);
  std::optional<double> given;
  if (op->hasAttr("scale"))
    given = Lowering::real(op, "scale");
  FailureOr<double> scale = attentionScale(op, given, width);
  if (failed(scale))
    return failure();
  AttentionParts parts{query, key, value, {}, limits, *scale};
  if (lowering.present(op, 3))
    parts.mask = lowering.get(op, 3);
  parts.softcap = Lowering::real(op, "softcap");
  parts.causal = Lowering::integer(op, "is_causal") != 0;
  if (op->getNumResults() > 3 && !op->getResult(3).use_empty()) {
    KeyLimits seen = limits;
    if (parts.causal)
      seen.right = 0;
    Tensor whole = attentionBias(lowering, parts.mask, seen, batch, heads,
                                 shared, queries, keys);
    Tensor scores =
        attentionScores(lowering, query, key, whole, parts.scale, parts.softcap,
                        Lowering::integer(op, "qk_matmul_output_mode"));
    lowering.set(op->getResult(3),
                 build.reshape(build.convert(scores, query.elementType()),
                               lowering.shapeOf(op->getResult(3))));
  }
  if (lowering.present(op, 7))
    parts.sink = build.reshape(lowering.get(op, 7), {h, r});
  Tensor y = attend(lowering, op, parts);
  if (flat)
    y = build.transpose(y, {0, 3, 1, 2, 4});
  lowering.set(op->getResult(0),
               build.reshape(y, lowering.shapeOf(op->getResult(0))));
  return success();
}

} // namespace

void addAttention(LoweringTable &table) {
  table["Attention"] = lowerAttention;
  table["AttentionWithSink"] = lowerAttention;
}

} // namespace jarana::raise
