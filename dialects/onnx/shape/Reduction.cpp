// Reductions, and normalisations over some dimensions.
#include "dialects/onnx/shape/Rules.h"

#include <numeric>

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

using Combine = Expr (*)(Context &, const Expr &, const Expr &);

/// One value per group of elements that are reduced together.
Contents reduced(Inference &inference, const Shape &keptShape,
                 ArrayRef<bool> isReduced, Combine combine) {
  const ValueInfo &x = inference.in(0);
  auto own = constantShape(x.shape);
  std::optional<int64_t> count = smallCount(keptShape);
  if (!combine || !x.contents || !own || !count ||
      !holdsIntegers(x.elementType))
    return std::nullopt;
  SmallVector<int64_t> kept = *constantShape(keptShape);
  std::vector<std::optional<Expr>> sums(static_cast<size_t>(*count));
  try {
    for (size_t position = 0; position < x.contents->size(); ++position) {
      SmallVector<int64_t> index =
          unflatten(static_cast<int64_t>(position), *own);
      for (size_t i = 0; i < index.size(); ++i)
        if (isReduced[i])
          index[i] = 0;
      std::optional<Expr> &sum =
          sums[static_cast<size_t>(flatten(index, kept))];
      const Expr &value = (*x.contents)[position];
      sum = sum ? combine(inference.ctx, *sum, value) : value;
    }
  } catch (const Error &) {
    return std::nullopt;
  }
  std::vector<Expr> contents;
  for (const std::optional<Expr> &sum : sums) {
    if (!sum)
      return std::nullopt;
    contents.push_back(*sum);
  }
  return contents;
}

template <Combine combine> Results reduce(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  bool keep = inference.integer("keepdims", 1) != 0;
  if (inference.axesUnknown(1))
    return ofRank(inference,
                  keep ? x.rank() : x.rank() - lengthOf(inference, 1, "axes"));
  auto axes = inference.axesOperand(1, x.rank());
  if (!axes || axes->empty()) {
    if (inference.integer("noop_with_empty_axes", 0) != 0)
      return {{x.elementType, x.shape, x.contents}};
    axes = SmallVector<int64_t>(x.shape.size());
    std::iota(axes->begin(), axes->end(), 0);
  }
  Shape withOnes = x.shape, shape;
  SmallVector<bool> isReduced(x.shape.size(), false);
  for (int64_t axis : *axes) {
    withOnes[axis] = Expr(1);
    isReduced[axis] = true;
  }
  for (int64_t i = 0; i < x.rank(); ++i)
    if (keep || !isReduced[i])
      shape.push_back(withOnes[i]);
  Contents contents = reduced(inference, withOnes, isReduced, combine);
  return {{x.elementType, std::move(shape), std::move(contents)}};
}

Expr add(Context &, const Expr &a, const Expr &b) { return a + b; }
Expr multiply(Context &, const Expr &a, const Expr &b) { return a * b; }
Expr least(Context &ctx, const Expr &a, const Expr &b) { return ctx.min(a, b); }
Expr greatest(Context &ctx, const Expr &a, const Expr &b) {
  return ctx.max(a, b);
}

Results argument(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t axis = inference.axis(inference.integer("axis", 0), x.rank());
  Shape shape = x.shape;
  if (inference.integer("keepdims", 1) != 0)
    shape[axis] = Expr(1);
  else
    shape.erase(shape.begin() + axis);
  return {{inference.builder().getI64Type(), std::move(shape), std::nullopt}};
}

Results softmax(Inference &inference) {
  inference.axis(inference.integer("axis", -1), inference.in(0).rank());
  return likeFirst(inference);
}

/// The scale of a normalisation must be broadcastable to the input without
/// changing its shape.
void checkScale(Inference &inference, unsigned operand) {
  const ValueInfo &x = inference.in(0), &scale = inference.in(operand);
  if (scale.rank() > x.rank())
    inference.fail("operand " + Twine(operand) +
                   " has a greater rank than the input");
  for (int64_t i = 1; i <= scale.rank(); ++i) {
    const Expr &dim = scale.shape[scale.rank() - i];
    if (!dim.isConstant(1))
      inference.requireEqual(x.shape[x.rank() - i], dim,
                             "dimension " + Twine(x.rank() - i) +
                                 " of the input and the size of operand " +
                                 Twine(operand));
  }
}

Results rmsNormalization(Inference &inference) {
  inference.axis(inference.integer("axis", -1), inference.in(0).rank());
  checkScale(inference, 1);
  return {{inference.in(1).elementType, inference.in(0).shape, std::nullopt}};
}

Results layerNormalization(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t axis = inference.axis(inference.integer("axis", -1), x.rank());
  checkScale(inference, 1);
  if (inference.has(2))
    checkScale(inference, 2);
  Shape statistics = x.shape;
  for (int64_t i = axis; i < x.rank(); ++i)
    statistics[i] = Expr(1);
  // Of stash_type only f32 is defined in practice.
  Type type = inference.builder().getF32Type();
  return {{x.elementType, x.shape, std::nullopt},
          {type, statistics, std::nullopt},
          {type, statistics, std::nullopt}};
}

/// com.microsoft: input, skip, gamma, bias -> output, mean, inv_std_var, sum.
Results skipNormalization(Inference &inference) {
  const ValueInfo &x = inference.in(0), &skip = inference.in(1);
  inference.requireRank(0, 2, 3);
  if (skip.rank() > x.rank() || skip.rank() < 2)
    inference.fail("the skip has rank " + Twine(skip.rank()) + ", the input " +
                   Twine(x.rank()));
  for (int64_t i = 1; i <= skip.rank(); ++i) {
    const Expr &dim = skip.shape[skip.rank() - i];
    if (i < 3 || !dim.isConstant(1))
      inference.requireEqual(x.shape[x.rank() - i], dim,
                             "dimension " + Twine(x.rank() - i) +
                                 " of the input and of the skip");
  }
  checkScale(inference, 2);
  if (inference.has(3))
    checkScale(inference, 3);
  Shape statistics = x.shape;
  statistics.back() = Expr(1);
  Type type = inference.builder().getF32Type(); // whatever the input's is
  return {{x.elementType, x.shape, std::nullopt},
          {type, statistics, std::nullopt},
          {type, statistics, std::nullopt},
          {x.elementType, x.shape, std::nullopt}};
}

} // namespace

ArrayRef<NamedRule> reductionRules() {
  static const NamedRule rules[] = {
      {"ReduceL1", reduce<nullptr>},
      {"ReduceL2", reduce<nullptr>},
      {"ReduceLogSum", reduce<nullptr>},
      {"ReduceLogSumExp", reduce<nullptr>},
      {"ReduceMax", reduce<greatest>},
      {"ReduceMean", reduce<nullptr>},
      {"ReduceMin", reduce<least>},
      {"ReduceProd", reduce<multiply>},
      {"ReduceSum", reduce<add>},
      {"ReduceSumSquare", reduce<nullptr>},
      {"ArgMax", argument},
      {"ArgMin", argument},
      {"Softmax", softmax},
      {"LogSoftmax", softmax},
      {"RMSNormalization", rmsNormalization},
      {"LayerNormalization", layerNormalization},
      {"SkipSimplifiedLayerNormalization", skipNormalization},
  };
  return rules;
}

} // namespace jarana::onnx::shape
