// What the attention operators share: the bias of masks and limits, and
// hybrid.attention itself.
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

FailureOr<double> attentionScale(Operation *op, std::optional<double> given,
                                 const Expr &width) {
  if (given)
    return *given;
  if (width.constant())
    return 1 / std::sqrt(static_cast<double>(*width.constant()));
  return Lowering::error(op) << "without a scale needs a head size that is "
                                "known when it is compiled";
}

Tensor attend(Lowering &lowering, Operation *op, const AttentionParts &parts) {
  TensorBuilder &build = lowering.build;
  const Shape &query = parts.query.shape;
  const Expr &width = query[4];
  int64_t heads = *query[1].constant(), shared = *query[2].constant();
  // What the mask and the window of hybrid.attention say needs no bias.
  KeyLimits limits = parts.limits;
  bool causal = parts.causal || limits.right == 0;
  int64_t window = 0;
  if (causal) {
    limits.right = -1;
    constexpr int64_t most = std::numeric_limits<int64_t>::max();
    if (limits.left >= 0 && limits.left < most)
      window = limits.left + 1;
    limits.left = -1;
  }
  Tensor bias = attentionBias(lowering, parts.mask, limits, query[0], heads,
                              shared, query[3], parts.key.shape[2]);
  Type element = parts.query.elementType();
  if (bias && bias.elementType() != element)
    bias = build.convert(bias, build.b.getF32Type());
  Shape shape = query;
  shape[4] = parts.value.shape[3];
  Tensor init = build.empty(shape, element);
  auto attention = hybrid::AttentionOp::create(
      build.b, build.loc, parts.query.value, parts.key.value, parts.value.value,
      bias.value, causal ? limits.offset.value : Value(), init.value,
      static_cast<float>(parts.scale),
      causal ? hybrid::AttentionMask::Causal : hybrid::AttentionMask::None,
      static_cast<float>(parts.softcap), window, parts.sink.value);
  std::vector<std::pair<std::string, std::string>> facts = {
      {"heads", std::to_string(heads * shared)},
      {"kv_heads", std::to_string(heads)},
      {"head_dim", lowering.context().print(width)},
      {"mask",
       std::string(causal ? "causal" : "none") + (bias ? " and bias" : "")}};
  if (window > 0)
    facts.emplace_back("window", std::to_string(window));
  if (parts.sink)
    facts.emplace_back("sink", "yes");
  llvm::append_range(facts, parts.facts);
  lowering.report.raised(Lowering::operatorName(op), hybrid::nodeName(op),
                         "hybrid.attention", std::move(facts));
  return {attention->getResult(0), shape};
}

void setPresent(Lowering &lowering, Operation *op, Tensor key, Tensor value) {
  for (const auto &[number, cache] : {std::pair(1U, key), std::pair(2U, value)})
    if (op->getNumResults() > number)
      lowering.set(op->getResult(number),
                   lowering.build.castShape(
                       cache, lowering.shapeOf(op->getResult(number))));
}

} // namespace jarana::raise
