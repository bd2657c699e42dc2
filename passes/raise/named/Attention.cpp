// Attention to hybrid.attention.
#include "passes/raise/lower/Scalars.h"
#include "passes/raise/named/Named.h"

#include "dialects/hybrid/Hybrid.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace jarana::raise {

Tensor scalarTensor(Lowering &lowering, const Expr &value) {
  TensorBuilder &build = lowering.build;
  Type i64 = build.b.getI64Type();
  Value number = build.b.createOrFold<arith::IndexCastOp>(build.loc, i64,
                                                          build.index(value));
  return {tensor::FromElementsOp::create(build.b, build.loc,
                                         build.type({}, i64), number),
          {}};
}

namespace {

constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

/// The mask as floats [b or 1, h or 1, r or 1, m or 1, s].
Tensor alignMask(Lowering &lowering, Tensor mask, int64_t heads, int64_t shared,
                 const Expr &keys) {
  TensorBuilder &build = lowering.build;
  Type f32 = build.b.getF32Type();
  if (mask.elementType().isInteger(1))
    mask = build.elementwise(
        {mask}, mask.shape, f32, [&](OpBuilder &b, Location loc, ValueRange v) {
          Scalars s(b, loc);
          return s.select(v[0], s.number(f32, 0), s.number(f32, minusInfinity));
        });
  Shape shape = mask.shape;
  shape.insert(shape.begin(), 4 - shape.size(), Expr(1));
  Expr perHead = shape[1];
  shape[1] = build.isOne(perHead) ? Expr(1) : Expr(heads);
  shape.insert(shape.begin() + 2,
               build.isOne(perHead) ? Expr(1) : Expr(shared));
  mask = build.reshape(mask, shape);
  if (build.same(shape[4], keys))
    return build.castShape(mask, shape);
  Shape full = shape;
  full[4] = keys;
  if (build.isOne(shape[4]))
    return build.broadcast(mask, full);
  // Shorter: the keys behind it are not seen.
  Value none = build.scalar(mask.elementType(), minusInfinity);
  return build.insert(mask, build.fill(full, none),
                      SmallVector<Expr>(5, Expr(0)));
}

} // namespace

Tensor attentionBias(Lowering &lowering, Tensor mask, const KeyLimits &limits,
                     const Expr &batch, int64_t heads, int64_t shared,
                     const Expr &queries, const Expr &keys) {
  TensorBuilder &build = lowering.build;
  Tensor bias =
      mask ? alignMask(lowering, mask, heads, shared, keys) : Tensor();
  if (!limits.validKeys && limits.left < 0 && limits.right < 0)
    return bias;
  Type f32 = build.b.getF32Type(), i64 = build.b.getI64Type();
  bool perBatch =
      limits.validKeys || (limits.offset && limits.offset.rank() == 1);
  Shape shape = bias ? bias.shape : Shape(5, Expr(1));
  if (perBatch)
    shape[0] = batch;
  if (limits.left >= 0 || limits.right >= 0)
    shape[3] = queries;
  shape[4] = keys;
  SmallVector<Tensor> inputs;
  auto input = [&](Tensor tensor) {
    Shape aligned(5, Expr(1));
    if (tensor.rank() == 1)
      aligned[0] = tensor.shape[0];
    inputs.push_back(tensor.rank() == 5 ? tensor
                                        : build.reshape(tensor, aligned));
    return inputs.size() - 1;
  };
  std::optional<size_t> biasAt, offsetAt, validAt;
  if (bias)
    biasAt = input(bias);
  if (limits.offset)
    offsetAt = input(limits.offset);
  if (limits.validKeys)
    validAt = input(limits.validKeys);
  return build.generate(
      inputs, shape, f32,
      [&](OpBuilder &b, Location loc, ValueRange at, ValueRange v) -> Value {
        Scalars s(b, loc);
        Value key = arith::IndexCastOp::create(b, loc, i64, at[4]),
              position = arith::IndexCastOp::create(b, loc, i64, at[3]);
        if (offsetAt)
          position = s.add(position, v[*offsetAt]);
        Value seen = s.number(b.getI1Type(), 1);
        auto require = [&](Value condition) {
          seen = arith::AndIOp::create(b, loc, seen, condition);
        };
        if (validAt)
          require(s.less(key, v[*validAt]));
        if (limits.left >= 0)
          require(s.lessEqual(
              s.sub(position, s.number(i64, static_cast<double>(limits.left))),
              key));
        if (limits.right >= 0)
          require(s.lessEqual(
              key, s.add(position,
                         s.number(i64, static_cast<double>(limits.right)))));
        Value value = biasAt
                          ? convertScalar(b, loc, v[*biasAt], f32, false, false)
                          : s.number(f32, 0);
        return s.select(seen, value, s.number(f32, minusInfinity));
      });
}

namespace {

/// Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen? -> Y,
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
  if (op->getNumResults() > 1)
    lowering.set(op->getResult(1),
                 build.castShape(key, lowering.shapeOf(op->getResult(1))));
  if (op->getNumResults() > 2)
    lowering.set(op->getResult(2),
                 build.castShape(value, lowering.shapeOf(op->getResult(2))));
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
  bool causal = Lowering::integer(op, "is_causal") != 0;
  limits.left = Lowering::integer(op, "left_window_size", -1);
  limits.right = Lowering::integer(op, "right_window_size", -1);
  Tensor mask = lowering.present(op, 3) ? lowering.get(op, 3) : Tensor();
  Tensor bias = attentionBias(lowering, mask, limits, batch, heads, shared,
                              queries, keys);
  if (bias && bias.elementType() != query.elementType())
    bias = build.convert(bias, build.b.getF32Type());
  double scale = Lowering::real(op, "scale");
  if (!op->hasAttr("scale")) {
    if (!width.constant())
      return Lowering::error(op) << "without a scale needs a head size that is "
                                    "known when it is compiled";
    scale = 1 / std::sqrt(static_cast<double>(*width.constant()));
  }
  if (op->getNumResults() > 3 && !op->getResult(3).use_empty()) {
    KeyLimits seen = limits;
    if (causal)
      seen.right = 0;
    Tensor whole = attentionBias(lowering, mask, seen, batch, heads, shared,
                                 queries, keys);
    Tensor scores = attentionScores(
        lowering, query, key, whole, scale, Lowering::real(op, "softcap"),
        Lowering::integer(op, "qk_matmul_output_mode"));
    lowering.set(op->getResult(3),
                 build.reshape(build.convert(scores, query.elementType()),
                               lowering.shapeOf(op->getResult(3))));
  }
  Tensor init =
      build.empty({batch, h, r, queries, valueWidth}, query.elementType());
  auto attention = hybrid::AttentionOp::create(
      build.b, build.loc, query.value, key.value, value.value, bias.value,
      causal ? limits.offset.value : Value(), init.value,
      static_cast<float>(scale),
      causal ? hybrid::AttentionMask::Causal : hybrid::AttentionMask::None,
      static_cast<float>(Lowering::real(op, "softcap")));
  Tensor y{attention->getResult(0), init.shape};
  if (flat)
    y = build.transpose(y, {0, 3, 1, 2, 4});
  lowering.set(op->getResult(0),
               build.reshape(y, lowering.shapeOf(op->getResult(0))));
  lowering.report.raised("Attention", Lowering::nodeName(op),
                         "hybrid.attention",
                         {{"heads", std::to_string(queryHeads)},
                          {"kv_heads", std::to_string(heads)},
                          {"head_dim", context.print(width)},
                          {"mask", std::string(causal ? "causal" : "none") +
                                       (bias ? " and bias" : "")}});
  return success();
}

} // namespace

void addAttention(LoweringTable &table) { table["Attention"] = lowerAttention; }

} // namespace jarana::raise
