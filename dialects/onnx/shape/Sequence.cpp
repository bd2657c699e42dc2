// Operators along a sequence: ranges, running sums, and the recurrences.
#include "dialects/onnx/shape/Rules.h"

#include "mlir/IR/Matchers.h"
#include <cmath>

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

Results cumSum(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  if (std::optional<Expr> axis = inference.scalar(1))
    if (auto number = axis->constant())
      inference.axis(*number, x.rank());
  return likeFirst(inference);
}

/// The value of a constant operand with one float element.
std::optional<double> floatScalar(Inference &inference, unsigned index) {
  DenseElementsAttr value;
  if (index >= inference.op->getNumOperands() ||
      !matchPattern(inference.op->getOperand(index), m_Constant(&value)) ||
      value.getNumElements() != 1 || !isa<FloatType>(value.getElementType()))
    return std::nullopt;
  APFloat number = *value.getValues<APFloat>().begin();
  bool lost;
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &lost);
  return number.convertToDouble();
}

Results range(Inference &inference) {
  for (unsigned i = 0; i < 3; ++i)
    if (inference.in(i).rank() > 1)
      inference.fail("start, limit and delta must be scalars");
  Type type = inference.in(0).elementType;
  std::optional<Expr> start = inference.scalar(0), limit = inference.scalar(1),
                      delta = inference.scalar(2);
  std::optional<int64_t> step = delta ? delta->constant() : std::nullopt;
  if (step && *step == 0)
    inference.fail("delta is 0");
  Context &ctx = inference.ctx;
  if (start && limit && step) {
    Expr distance = *step > 0 ? *limit - *start : *start - *limit;
    Expr length =
        ctx.max(Expr(0), ceilDiv(ctx, distance, *step > 0 ? *step : -*step));
    Shape shape = {length};
    Contents contents = makeContents(
        shape, [&](int64_t i) { return *start + Expr(i) * Expr(*step); });
    return {{type, std::move(shape), std::move(contents)}};
  }
  auto first = floatScalar(inference, 0), last = floatScalar(inference, 1),
       by = floatScalar(inference, 2);
  if (first && last && by && *by != 0) {
    double length = std::max(0.0, std::ceil((*last - *first) / *by));
    if (!(length < 4e9))
      inference.fail("the range is too long");
    return {{type, {Expr(static_cast<int64_t>(length))}, std::nullopt}};
  }
  return {{type, {inference.fresh("the length of the range")}, std::nullopt}};
}

/// input [b, channels, l], weight [channels, 1, k], past [b, channels, k - 1]
Results causalConv(Inference &inference) {
  const ValueInfo &x = inference.in(0), &w = inference.in(1);
  inference.requireRank(0, 3, 3);
  inference.requireRank(1, 3, 3);
  inference.requireEqual(x.shape[1], w.shape[0],
                         "the channels of the input and of the weight");
  inference.requireEqual(w.shape[1], Expr(1),
                         "the middle dimension of the weight and 1");
  Expr columns = w.shape[2] - Expr(1);
  inference.requireAtLeast(columns, Expr(0), "the kernel is empty");
  if (inference.has(2)) {
    inference.requireRank(2, 1, 1);
    inference.requireEqual(inference.in(2).shape[0], x.shape[1],
                           "the sizes of the bias and of the channels");
  }
  Shape state = {x.shape[0], x.shape[1], columns};
  if (inference.has(3)) {
    inference.requireRank(3, 3, 3);
    for (size_t i = 0; i < 3; ++i)
      inference.requireEqual(
          inference.in(3).shape[i], state[i],
          "dimension " + Twine(i) +
              " of the past state and what the input and the weight ask for");
  }
  return {{x.elementType, x.shape, std::nullopt},
          {x.elementType, std::move(state), std::nullopt}};
}

/// total / heads, which must come out even.
Expr perHead(Inference &inference, const Expr &total, int64_t heads,
             const Twine &what) {
  if (heads < 1)
    inference.fail("the number of heads of the " + what + " is " +
                   Twine(heads) + ", which must be positive");
  if (auto width = inference.ctx.divideExactly(total, Expr(heads)))
    return *width;
  Expr width = inference.ctx.floorDiv(total, Expr(heads));
  inference.requireEqual(total, width * Expr(heads),
                         "the width of the " + what +
                             " and a multiple of its " + Twine(heads) +
                             " heads");
  return width;
}

/// query [b, t, hq * k], key [b, t, h * k], value [b, t, h * v], past [b, h, k,
/// v], decay [b, t, h] or [b, t, h * k], beta [b, t, h] or [b, t, 1]
Results linearAttention(Inference &inference) {
  const ValueInfo &query = inference.in(0), &key = inference.in(1),
                  &value = inference.in(2);
  for (unsigned i = 0; i < 3; ++i)
    inference.requireRank(i, 3, 3);
  int64_t queryHeads = inference.integer("q_num_heads"),
          heads = inference.integer("kv_num_heads");
  Expr keyWidth = perHead(inference, key.shape[2], heads, "key");
  Expr valueWidth = perHead(inference, value.shape[2], heads, "value");
  Expr queryWidth = perHead(inference, query.shape[2], queryHeads, "query");
  if (queryHeads % heads != 0)
    inference.fail("q_num_heads, " + Twine(queryHeads) +
                   ", must be a multiple of kv_num_heads, " + Twine(heads));
  inference.requireEqual(queryWidth, keyWidth,
                         "the head sizes of query and key");
  auto sameSequence = [&](unsigned operand, StringRef name) {
    inference.requireRank(operand, 3, 3);
    for (size_t i = 0; i < 2; ++i)
      inference.requireEqual(query.shape[i], inference.in(operand).shape[i],
                             "dimension " + Twine(i) +
                                 " of the query and of the " + name);
  };
  sameSequence(1, "key");
  sameSequence(2, "value");
  StringRef rule = inference.string("update_rule", "gated_delta");
  bool gated = rule == "gated" || rule == "gated_delta",
       delta = rule == "delta" || rule == "gated_delta";
  if (!gated && !delta && rule != "linear")
    inference.fail("update_rule is '" + rule +
                   "'; it must be linear, gated, delta or gated_delta");
  if (gated || inference.has(4)) {
    sameSequence(4, "decay");
    const Expr &width = inference.in(4).shape[2];
    if (!inference.ctx.proveEqual(width, Expr(heads)))
      inference.requireEqual(width, key.shape[2],
                             "the width of the decay and the number of heads "
                             "or the width of the key");
  }
  if (delta || inference.has(5)) {
    sameSequence(5, "beta");
    const Expr &width = inference.in(5).shape[2];
    if (!width.isConstant(1))
      inference.requireEqual(width, Expr(heads),
                             "the width of beta and the number of heads");
  }
  Shape state = {query.shape[0], Expr(heads), keyWidth, valueWidth};
  Type stateType = query.elementType;
  if (inference.has(3)) {
    inference.requireRank(3, 4, 4);
    stateType = inference.in(3).elementType;
    for (size_t i = 0; i < 4; ++i)
      inference.requireEqual(
          inference.in(3).shape[i], state[i],
          "dimension " + Twine(i) +
              " of the past state and what query, key and value ask for");
  }
  Shape output = {query.shape[0], query.shape[1],
                  Expr(queryHeads) * valueWidth};
  return {{query.elementType, std::move(output), std::nullopt},
          {stateType, std::move(state), std::nullopt}};
}

} // namespace

ArrayRef<NamedRule> sequenceRules() {
  static const NamedRule rules[] = {
      {"CumSum", cumSum},
      {"Range", range},
      {"CausalConvWithState", causalConv},
      {"LinearAttention", linearAttention},
  };
  return rules;
}

} // namespace jarana::onnx::shape
