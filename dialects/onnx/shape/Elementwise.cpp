// Operators that work element by element: the result has the broadcast shape
// of the operands. Those of integers also compute contents.
#include "dialects/onnx/shape/Rules.h"

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

using Binary = Expr (*)(Context &, const Expr &, const Expr &);

/// Contents of a function of two broadcast operands of integers.
Contents combine(Inference &inference, const Shape &shape, Binary function) {
  const ValueInfo &a = inference.in(0), &b = inference.in(1);
  if (!a.contents || !b.contents || !holdsIntegers(a.elementType))
    return std::nullopt;
  auto result = constantShape(shape), left = constantShape(a.shape),
       right = constantShape(b.shape);
  if (!result || !left || !right)
    return std::nullopt;
  return makeContents(shape, [&](int64_t position) {
    SmallVector<int64_t> index = unflatten(position, *result);
    return function(inference.ctx,
                    (*a.contents)[broadcastPosition(index, *left)],
                    (*b.contents)[broadcastPosition(index, *right)]);
  });
}

template <Binary function> Results arithmetic(Inference &inference) {
  Shape shape = broadcast(inference, {0, 1});
  Contents contents = combine(inference, shape, function);
  return {{inference.in(0).elementType, std::move(shape), std::move(contents)}};
}

Expr add(Context &, const Expr &a, const Expr &b) { return a + b; }
Expr sub(Context &, const Expr &a, const Expr &b) { return a - b; }
Expr mul(Context &, const Expr &a, const Expr &b) { return a * b; }
Expr div(Context &ctx, const Expr &a, const Expr &b) {
  return ctx.truncDiv(a, b);
}
Expr floorMod(Context &ctx, const Expr &a, const Expr &b) {
  return ctx.mod(a, b);
}
Expr truncMod(Context &ctx, const Expr &a, const Expr &b) {
  return a - b * ctx.truncDiv(a, b);
}
Expr least(Context &ctx, const Expr &a, const Expr &b) { return ctx.min(a, b); }
Expr greatest(Context &ctx, const Expr &a, const Expr &b) {
  return ctx.max(a, b);
}
Expr both(Context &, const Expr &a, const Expr &b) { return a * b; }
Expr either(Context &, const Expr &a, const Expr &b) { return a + b - a * b; }
Expr oneOf(Context &, const Expr &a, const Expr &b) {
  return a + b - Expr(2) * a * b;
}
Expr power(Context &, const Expr &a, const Expr &b) {
  std::optional<int64_t> exponent = b.constant();
  if (!exponent || *exponent < 0 || *exponent > 16)
    throw Error("the exponent is not a small number");
  Expr result(1);
  for (int64_t i = 0; i < *exponent; ++i)
    result = result * a;
  return result;
}

Results modulo(Inference &inference) {
  return inference.integer("fmod", 0) ? arithmetic<truncMod>(inference)
                                      : arithmetic<floorMod>(inference);
}

/// Max, Min, Sum, Mean: any number of operands.
template <Binary function> Results variadic(Inference &inference) {
  if (inference.operands.empty())
    inference.fail("it needs at least one operand");
  SmallVector<unsigned> all;
  for (unsigned i = 0; i < inference.operands.size(); ++i)
    all.push_back(i);
  Shape shape = broadcast(inference, all);
  Type type = inference.in(0).elementType;
  Contents contents;
  auto result = constantShape(shape);
  if constexpr (function != nullptr)
    if (result && holdsIntegers(type))
      contents = makeContents(shape, [&](int64_t position) {
        SmallVector<int64_t> index = unflatten(position, *result);
        std::optional<Expr> value;
        for (const ValueInfo &operand : inference.operands) {
          auto own = constantShape(operand.shape);
          if (!operand.contents || !own)
            throw Error("an operand is not known");
          Expr element = (*operand.contents)[broadcastPosition(index, *own)];
          value = value ? function(inference.ctx, *value, element) : element;
        }
        return *value;
      });
  return {{type, std::move(shape), std::move(contents)}};
}

using Unary = Expr (*)(Context &, const Expr &);

template <Unary function> Results unary(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  Results results = likeFirst(inference);
  if (x.contents && holdsIntegers(x.elementType))
    results[0].contents = makeContents(x.shape, [&](int64_t position) {
      return function(inference.ctx, (*x.contents)[position]);
    });
  return results;
}

Expr negative(Context &ctx, const Expr &a) { return ctx.neg(a); }
Expr signOf(Context &ctx, const Expr &a) { return ctx.sign(a); }
Expr opposite(Context &, const Expr &a) { return Expr(1) - a; }
Expr absolute(Context &ctx, const Expr &a) { return ctx.max(a, ctx.neg(a)); }

Results identity(Inference &inference) { return {inference.in(0)}; }

/// The second operand is broadcast to the first, which keeps its shape.
Results prelu(Inference &inference) {
  Shape shape = broadcast(inference, {0, 1});
  if (shape.size() != inference.in(0).shape.size())
    inference.fail("the slope has a greater rank than the input");
  return {{inference.in(0).elementType, std::move(shape), std::nullopt}};
}

Results clip(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  for (unsigned bound : {1u, 2u})
    if (inference.has(bound) && inference.in(bound).rank() > 1)
      inference.fail("min and max must be scalars");
  Results results = likeFirst(inference);
  if (!x.contents || !holdsIntegers(x.elementType))
    return results;
  results[0].contents = makeContents(x.shape, [&](int64_t position) {
    Expr value = (*x.contents)[position];
    for (unsigned bound : {1u, 2u})
      if (inference.has(bound)) {
        std::optional<Expr> limit = inference.scalar(bound);
        if (!limit)
          throw Error("a bound is not known");
        value = bound == 1 ? inference.ctx.max(value, *limit)
                           : inference.ctx.min(value, *limit);
      }
    return value;
  });
  return results;
}

/// Numbers up to this are exact in the type.
int64_t exactLimit(FloatType type) {
  unsigned bits = type.getFPMantissaWidth();
  return bits >= 62 ? INT64_MAX : int64_t(1) << bits;
}

Results cast(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  Type to = inference.type("to");
  if (!to)
    inference.fail("the attribute 'to' is missing");
  Results results = {{to, x.shape, std::nullopt}};
  if (!x.contents)
    return results;
  results[0].contents = makeContents(x.shape, [&](int64_t position) {
    const Expr &value = (*x.contents)[position];
    std::optional<int64_t> number = value.constant();
    if (auto floats = dyn_cast<FloatType>(to)) {
      if (!number || *number > exactLimit(floats) ||
          *number < -exactLimit(floats))
        throw Error("not exact");
      return value;
    }
    auto integers = dyn_cast<IntegerType>(to);
    if (!integers)
      throw Error("not a number");
    if (integers.getWidth() == 1)
      return Expr(1) - inference.ctx.equal(value, Expr(0));
    // Dimensions fit into 32 bits in what models compute; bytes may wrap.
    if (integers.getWidth() < 32) {
      bool asUnsigned = integers.isUnsigned();
      int64_t most = (int64_t(1) << (integers.getWidth() - !asUnsigned)) - 1;
      if (!number || *number > most || *number < (asUnsigned ? 0 : -most - 1))
        throw Error("may wrap");
    }
    return value;
  });
  return results;
}

Results where(Inference &inference) {
  Shape shape = broadcast(inference, {0, 1, 2});
  const ValueInfo &condition = inference.in(0), &x = inference.in(1),
                  &y = inference.in(2);
  Contents contents;
  auto result = constantShape(shape), c = constantShape(condition.shape),
       a = constantShape(x.shape), b = constantShape(y.shape);
  if (condition.contents && x.contents && y.contents && result && c && a && b)
    contents = makeContents(shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *result);
      Expr chosen = (*condition.contents)[broadcastPosition(index, *c)];
      if (!holdsIntegers(x.elementType) && !chosen.constant())
        throw Error("a float that depends on a symbol");
      return inference.ctx.select(chosen,
                                  (*x.contents)[broadcastPosition(index, *a)],
                                  (*y.contents)[broadcastPosition(index, *b)]);
    });
  return {{x.elementType, std::move(shape), std::move(contents)}};
}

} // namespace

ArrayRef<NamedRule> elementwiseRules() {
  static const NamedRule rules[] = {
      {"Add", arithmetic<add>},
      {"Sub", arithmetic<sub>},
      {"Mul", arithmetic<mul>},
      {"Div", arithmetic<div>},
      {"Mod", modulo},
      {"Pow", arithmetic<power>},
      {"And", arithmetic<both>},
      {"Or", arithmetic<either>},
      {"Xor", arithmetic<oneOf>},
      {"Max", variadic<greatest>},
      {"Min", variadic<least>},
      {"Sum", variadic<add>},
      {"Mean", variadic<nullptr>},
      {"Neg", unary<negative>},
      {"Abs", unary<absolute>},
      {"Sign", unary<signOf>},
      {"Not", unary<opposite>},
      {"Identity", identity},
      {"Clip", clip},
      {"Cast", cast},
      {"Where", where},
      {"PRelu", prelu},
      {"Acos", likeFirst},
      {"Acosh", likeFirst},
      {"Asin", likeFirst},
      {"Asinh", likeFirst},
      {"Atan", likeFirst},
      {"Atanh", likeFirst},
      {"Ceil", likeFirst},
      {"Celu", likeFirst},
      {"Cos", likeFirst},
      {"Cosh", likeFirst},
      {"Elu", likeFirst},
      {"Erf", likeFirst},
      {"Exp", likeFirst},
      {"Floor", likeFirst},
      {"Gelu", likeFirst},
      {"HardSigmoid", likeFirst},
      {"HardSwish", likeFirst},
      {"LeakyRelu", likeFirst},
      {"Log", likeFirst},
      {"Mish", likeFirst},
      {"Reciprocal", likeFirst},
      {"Relu", likeFirst},
      {"Round", likeFirst},
      {"Selu", likeFirst},
      {"Sigmoid", likeFirst},
      {"Sin", likeFirst},
      {"Sinh", likeFirst},
      {"Softplus", likeFirst},
      {"Softsign", likeFirst},
      {"Sqrt", likeFirst},
      {"Swish", likeFirst},
      {"Tan", likeFirst},
      {"Tanh", likeFirst},
      {"ThresholdedRelu", likeFirst},
  };
  return rules;
}

//===- comparisons --------------------------------------------------------===//

namespace {
template <Binary function> Results comparison(Inference &inference) {
  Shape shape = broadcast(inference, {0, 1});
  Contents contents = combine(inference, shape, function);
  return {
      {inference.builder().getI1Type(), std::move(shape), std::move(contents)}};
}

Expr equal(Context &ctx, const Expr &a, const Expr &b) {
  return ctx.equal(a, b);
}
Expr less(Context &ctx, const Expr &a, const Expr &b) { return ctx.less(a, b); }
Expr greater(Context &ctx, const Expr &a, const Expr &b) {
  return ctx.less(b, a);
}
Expr lessOrEqual(Context &ctx, const Expr &a, const Expr &b) {
  return Expr(1) - ctx.less(b, a);
}
Expr greaterOrEqual(Context &ctx, const Expr &a, const Expr &b) {
  return Expr(1) - ctx.less(a, b);
}

Results predicate(Inference &inference) {
  return {
      {inference.builder().getI1Type(), inference.in(0).shape, std::nullopt}};
}
} // namespace

ArrayRef<NamedRule> comparisonRules() {
  static const NamedRule rules[] = {
      {"Equal", comparison<equal>},
      {"Less", comparison<less>},
      {"Greater", comparison<greater>},
      {"LessOrEqual", comparison<lessOrEqual>},
      {"GreaterOrEqual", comparison<greaterOrEqual>},
      {"IsInf", predicate},
      {"IsNaN", predicate},
  };
  return rules;
}

} // namespace jarana::onnx::shape
