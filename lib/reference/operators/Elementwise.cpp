// Operators that compute each element from the elements at the same (broadcast)
// index: https://onnx.ai/onnx/operators, opset 27; broadcasting is numpy's.
#include "lib/reference/operators/Sigmoid.h"

#include <functional>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;
template <class Real> using Unary = Real (*)(Real);

/// A float function of one input.
template <class Real> OperatorOf<Real> real(Unary<Real> function) {
  return [function](const InputsOf<Real> &inputs, const Attributes &) {
    T<Real> result = requiredReal(inputs, 0);
    for (Real &value : result.reals)
      value = function(value);
    return std::vector{rounded(std::move(result))};
  };
}

/// A function of one input that has an integer version.
template <class Real>
OperatorOf<Real> either(Unary<Real> function, int64_t (*integer)(int64_t)) {
  return [=](const InputsOf<Real> &inputs, const Attributes &) {
    T<Real> result = required(inputs, 0);
    for (Real &value : result.reals)
      value = function(value);
    for (int64_t &value : result.ints)
      value = integer(value);
    return std::vector{rounded(std::move(result))};
  };
}

/// A float function of one input and the attributes.
template <class Real>
OperatorOf<Real>
parametrized(std::function<Real(Real, const Attributes &)> function) {
  return
      [function](const InputsOf<Real> &inputs, const Attributes &attributes) {
        T<Real> result = requiredReal(inputs, 0);
        for (Real &value : result.reals)
          value = function(value, attributes);
        return std::vector{rounded(std::move(result))};
      };
}

/// Sigmoid, and Swish: x sigmoid(alpha x).
template <class Real>
std::vector<T<Real>> sigmoid(const InputsOf<Real> &inputs, const Attributes &) {
  T<Real> result = requiredReal(inputs, 0);
  sigmoidEach<Real>(result.reals);
  return {rounded(std::move(result))};
}
template <class Real>
std::vector<T<Real>> swish(const InputsOf<Real> &inputs,
                           const Attributes &attributes) {
  const T<Real> &x = requiredReal(inputs, 0);
  T<Real> result = x;
  Real alpha(number(attributes, "alpha", 1.0));
  for (Real &value : result.reals)
    value = alpha * value;
  sigmoidEach<Real>(result.reals);
  for (size_t i = 0; i < result.reals.size(); ++i)
    result.reals[i] = x.reals[i] * result.reals[i];
  return {rounded(std::move(result))};
}

/// log(1 + exp(x)), for doubles without overflow.
template <class Real> Real softplus(Real x) {
  using std::exp, std::log1p, std::fabs;
  if constexpr (std::is_same_v<Real, double>)
    return (x > Real(0) ? x : Real(0)) + log1p(exp(-fabs(x)));
  else
    return log1p(exp(x));
}

/// Gelu: x/2 (1 + erf(x/sqrt 2)), or its tanh approximation. In a domain that
/// does not round, the constants are what f32 holds of them, as in what is
/// compiled.
template <class Real> Real gelu(Real x, const Attributes &attributes) {
  using std::erf, std::tanh;
  auto constant = [](double value) {
    return std::is_same_v<Real, double> ? Real(value)
                                        : Real(roundTo(DType::f32, value));
  };
  if (text(attributes, "approximate", "none") == "tanh")
    return Real(0.5) * x *
           (Real(1) + tanh(constant(std::sqrt(2 / M_PI)) *
                           (x + constant(0.044715) * x * x * x)));
  return Real(0.5) * x * (Real(1) + erf(x * constant(std::sqrt(0.5))));
}

using IntBinary = int64_t (*)(DType, int64_t, int64_t);

/// f(a, b) over the broadcast shape; both inputs have one type. `Function`
/// takes two Reals.
template <class Real, class Function>
T<Real> binary(const T<Real> &a, const T<Real> &b, Function function,
               IntBinary integer) {
  if (a.dtype != b.dtype)
    throw Error("the inputs have different types, " + name(a.dtype) + " and " +
                name(b.dtype));
  T<Real> result(a.dtype, broadcast(a.shape, b.shape));
  std::array<Shape, 2> strides = stridesTo(result.shape, a, b);
  if (isFloat(a.dtype))
    forEach<2>(result.shape, strides, [&](int64_t i, auto &at) {
      result.reals[i] = function(a.reals[at[0]], b.reals[at[1]]);
    });
  else
    forEach<2>(result.shape, strides, [&](int64_t i, auto &at) {
      result.ints[i] = integer(a.dtype, a.ints[at[0]], b.ints[at[1]]);
    });
  return rounded(std::move(result));
}

template <class Real, class Function>
OperatorOf<Real> binaryOp(Function function, IntBinary integer) {
  return [=](const InputsOf<Real> &inputs, const Attributes &) {
    return std::vector{binary<Real>(required(inputs, 0), required(inputs, 1),
                                    function, integer)};
  };
}

/// Any number of inputs, from the first to the last.
template <class Real, class Function>
OperatorOf<Real> variadic(Function function, IntBinary integer) {
  return [=](const InputsOf<Real> &inputs, const Attributes &) {
    T<Real> result = required(inputs, 0);
    for (size_t i = 1; i < inputs.size(); ++i)
      result = binary<Real>(result, required(inputs, i), function, integer);
    return std::vector{std::move(result)};
  };
}

// Integers wrap: sums and products are formed modulo 2^64, then cut to the
// type.
int64_t addInt(DType, int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) +
                              static_cast<uint64_t>(b));
}
int64_t subInt(DType, int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) -
                              static_cast<uint64_t>(b));
}
int64_t mulInt(DType, int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}

/// The quotient truncated towards zero (Div).
int64_t divInt(DType type, int64_t a, int64_t b) {
  if (b == 0)
    throw Error("integer division by zero");
  if (isUnsigned64(type))
    return static_cast<int64_t>(static_cast<uint64_t>(a) /
                                static_cast<uint64_t>(b));
  return b == -1 ? subInt(type, 0, a) : a / b;
}

/// Div: over residues with the inverses of all divisors at once.
template <class Real>
std::vector<T<Real>> divide(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &a = required(inputs, 0), &b = required(inputs, 1);
  if (!isFloat(a.dtype) || a.dtype != b.dtype)
    return {binary<Real>(a, b, [](Real x, Real y) { return x / y; }, divInt)};
  T<Real> result(a.dtype, broadcast(a.shape, b.shape));
  Divisors<Real> divisors(b.reals);
  forEach<2>(result.shape, stridesTo(result.shape, a, b),
             [&](int64_t i, auto &at) {
               result.reals[i] = divisors.divide(a.reals[at[0]], at[1]);
             });
  return {rounded(std::move(result))};
}

/// Reciprocal.
template <class Real>
std::vector<T<Real>> reciprocal(const InputsOf<Real> &inputs,
                                const Attributes &) {
  const T<Real> &x = requiredReal(inputs, 0);
  T<Real> result(x.dtype, x.shape);
  Divisors<Real> divisors(x.reals);
  for (size_t i = 0; i < result.reals.size(); ++i)
    result.reals[i] = divisors.divide(Real(1), i);
  return {rounded(std::move(result))};
}

/// The remainder with the sign of the dividend (Mod with fmod = 1).
int64_t remainder(DType type, int64_t a, int64_t b) {
  return subInt(type, a, mulInt(type, divInt(type, a, b), b));
}

/// The remainder with the sign of the divisor (Mod with fmod = 0).
int64_t modulo(DType type, int64_t a, int64_t b) {
  int64_t rest = remainder(type, a, b);
  bool signsDiffer = !isUnsigned64(type) && (rest < 0) != (b < 0);
  return rest != 0 && signsDiffer ? rest + b : rest;
}

/// Mod: the remainder takes the divisor's sign, or with fmod = 1 the
/// dividend's.
template <class Real>
std::vector<T<Real>> mod(const InputsOf<Real> &inputs,
                         const Attributes &attributes) {
  auto dividends = [](Real a, Real b) { return Real(math::fmod(a, b)); };
  auto divisors = [](Real a, Real b) {
    Real rest = math::fmod(a, b);
    return rest != Real(0) && (rest < Real(0)) != (b < Real(0)) ? rest + b
                                                                : rest;
  };
  bool fmodRule = integer(attributes, "fmod", 0) != 0;
  return {binary<Real>(required(inputs, 0), required(inputs, 1),
                       fmodRule ? +dividends : +divisors,
                       fmodRule ? remainder : modulo)};
}

int64_t powInt(int64_t base, int64_t exponent) {
  if (exponent < 0) // 1/base^|exponent| truncated
    return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  int64_t result = 1;
  for (; exponent; exponent /= 2) {
    if (exponent % 2)
      result = mulInt(DType::i64, result, base);
    base = mulInt(DType::i64, base, base);
  }
  return result;
}

/// Towards zero; what no 64-bit integer holds becomes the least one, as in
/// Cast.
int64_t truncated(double value) {
  return value >= -0x1p63 && value < 0x1p63
             ? static_cast<int64_t>(value)
             : std::numeric_limits<int64_t>::min();
}
int64_t truncated(const Exact &value) { return static_cast<int64_t>(value); }

/// Pow: the type of the base; the exponent may have another.
template <class Real>
std::vector<T<Real>> power(const InputsOf<Real> &inputs, const Attributes &) {
  using std::pow;
  const T<Real> &a = required(inputs, 0), &b = required(inputs, 1);
  T<Real> result(a.dtype, broadcast(a.shape, b.shape));
  forEach<2>(
      result.shape, stridesTo(result.shape, a, b), [&](int64_t i, auto &at) {
        if (isFloat(a.dtype))
          result.reals[i] = pow(a.reals[at[0]], realAt(b, at[1]));
        else if (isFloat(b.dtype))
          result.ints[i] = truncated(pow(realAt(a, at[0]), b.reals[at[1]]));
        else
          result.ints[i] = powInt(a.ints[at[0]], b.ints[at[1]]);
      });
  return {rounded(std::move(result))};
}

template <class Real> Real maxReal(Real a, Real b) {
  return a != a || a > b ? a : b; // a NaN wins, as in numpy.maximum
}
template <class Real> Real minReal(Real a, Real b) {
  return a != a || a < b ? a : b;
}
int64_t maxInt(DType type, int64_t a, int64_t b) {
  return lessInt(type, a, b) ? b : a;
}
int64_t minInt(DType type, int64_t a, int64_t b) {
  return lessInt(type, b, a) ? b : a;
}

/// Clip: min(max(x, lowest), highest), each limit optional.
template <class Real>
std::vector<T<Real>> clip(const InputsOf<Real> &inputs, const Attributes &) {
  T<Real> result = required(inputs, 0);
  if (const T<Real> *lowest = optional(inputs, 1))
    result = binary<Real>(result, *lowest, maxReal<Real>, maxInt);
  if (const T<Real> *highest = optional(inputs, 2))
    result = binary<Real>(result, *highest, minReal<Real>, minInt);
  expectShape("the clipped tensor", result.shape, required(inputs, 0).shape);
  return {std::move(result)};
}

template <class Real> Real hardSigmoid(Real x, Real alpha, Real beta) {
  return maxReal(Real(0), minReal(Real(1), alpha * x + beta));
}

template <class Real> Real signReal(Real x) {
  return x > Real(0) ? Real(1) : x < Real(0) ? Real(-1) : x;
}

/// PRelu: slope * x where x is negative; the slope broadcasts to x.
template <class Real>
std::vector<T<Real>> pRelu(const InputsOf<Real> &inputs, const Attributes &) {
  T<Real> result = required(inputs, 0);
  const T<Real> &slope = required(inputs, 1);
  forEach<1>(result.shape, {broadcastStrides(slope.shape, result.shape)},
             [&](int64_t i, auto &at) {
               if (isFloat(result.dtype) && result.reals[i] < Real(0))
                 result.reals[i] *= slope.reals[at[0]];
               else if (!isFloat(result.dtype) && !isUnsigned64(result.dtype) &&
                        result.ints[i] < 0)
                 result.ints[i] *= slope.ints[at[0]];
             });
  return {rounded(std::move(result))};
}

/// Mean of any number of inputs.
template <class Real>
std::vector<T<Real>> mean(const InputsOf<Real> &inputs, const Attributes &) {
  Shape shape;
  for (size_t i = 0; i < inputs.size(); ++i)
    shape = broadcast(shape, requiredReal(inputs, i).shape);
  T<Real> result(required(inputs, 0).dtype, shape);
  for (const T<Real> *input : inputs)
    forEach<1>(
        shape, {broadcastStrides(input->shape, shape)},
        [&](int64_t i, auto &at) { result.reals[i] += input->reals[at[0]]; });
  for (Real &value : result.reals)
    value /= Real(inputs.size());
  return {rounded(std::move(result))};
}
} // namespace

namespace {
template <class Real> void addTrigonometry(TableOf<Real> &table) {
  table["Sin"] = real<Real>([](Real x) { return Real(math::sin(x)); });
  table["Cos"] = real<Real>([](Real x) { return Real(math::cos(x)); });
  table["Tan"] = real<Real>([](Real x) { return Real(math::tan(x)); });
  table["Asin"] = real<Real>([](Real x) { return Real(math::asin(x)); });
  table["Acos"] = real<Real>([](Real x) { return Real(math::acos(x)); });
  table["Atan"] = real<Real>([](Real x) { return Real(math::atan(x)); });
  table["Sinh"] = real<Real>([](Real x) { return Real(math::sinh(x)); });
  table["Cosh"] = real<Real>([](Real x) { return Real(math::cosh(x)); });
  table["Tanh"] = real<Real>([](Real x) { return Real(math::tanh(x)); });
  table["Asinh"] = real<Real>([](Real x) { return Real(math::asinh(x)); });
  table["Acosh"] = real<Real>([](Real x) { return Real(math::acosh(x)); });
  table["Atanh"] = real<Real>([](Real x) { return Real(math::atanh(x)); });
}

/// Activations with parameters; the defaults are the schemas' (f32) ones.
template <class Real> void addActivations(TableOf<Real> &table) {
  auto add = [&](const char *name,
                 std::function<Real(Real, const Attributes &)> function) {
    table[name] = parametrized<Real>(std::move(function));
  };
  add("Gelu", gelu<Real>);
  add("LeakyRelu", [](Real x, const Attributes &a) {
    return x < Real(0) ? Real(number(a, "alpha", 0.01f)) * x : x;
  });
  add("Elu", [](Real x, const Attributes &a) {
    return x < Real(0) ? Real(number(a, "alpha", 1.0)) * Real(math::expm1(x))
                       : x;
  });
  add("Celu", [](Real x, const Attributes &a) {
    Real alpha(number(a, "alpha", 1.0));
    return x < Real(0) ? alpha * Real(math::expm1(x / alpha)) : x;
  });
  add("Selu", [](Real x, const Attributes &a) {
    Real gamma(number(a, "gamma", 1.05070102214813232421875f));
    Real alpha(number(a, "alpha", 1.67326319217681884765625f));
    return gamma * (x > Real(0) ? x : alpha * Real(math::expm1(x)));
  });
  add("ThresholdedRelu", [](Real x, const Attributes &a) {
    return x > Real(number(a, "alpha", 1.0)) ? x : Real(0);
  });
  add("HardSigmoid", [](Real x, const Attributes &a) {
    return hardSigmoid(x, Real(number(a, "alpha", 0.2f)),
                       Real(number(a, "beta", 0.5)));
  });
  add("HardSwish", [](Real x, const Attributes &) {
    return x * hardSigmoid(x, Real(1) / Real(6), Real(0.5));
  });
  table["Sigmoid"] = sigmoid<Real>;
  table["Swish"] = swish<Real>;
  table["Softplus"] = real<Real>(softplus<Real>);
  table["Softsign"] =
      real<Real>([](Real x) { return x / (Real(1) + Real(math::fabs(x))); });
  table["Mish"] =
      real<Real>([](Real x) { return x * Real(math::tanh(softplus(x))); });
  table["PRelu"] = pRelu<Real>;
}
} // namespace

template <class Real> void reference::addElementwise(TableOf<Real> &table) {
  addTrigonometry(table);
  addActivations(table);
  table["Exp"] = real<Real>([](Real x) { return Real(math::exp(x)); });
  table["Log"] = real<Real>([](Real x) { return Real(math::log(x)); });
  table["Sqrt"] = real<Real>([](Real x) { return Real(math::sqrt(x)); });
  table["Erf"] = real<Real>([](Real x) { return Real(math::erf(x)); });
  table["Ceil"] = real<Real>([](Real x) { return Real(math::ceil(x)); });
  table["Floor"] = real<Real>([](Real x) { return Real(math::floor(x)); });
  // Ties to even, the default rounding mode.
  table["Round"] = real<Real>([](Real x) { return Real(math::nearbyint(x)); });
  table["Reciprocal"] = reciprocal<Real>;
  table["Abs"] =
      either<Real>([](Real x) { return Real(math::fabs(x)); },
                   [](int64_t x) { return x < 0 ? subInt({}, 0, x) : x; });
  table["Neg"] = either<Real>([](Real x) { return -x; },
                              [](int64_t x) { return subInt({}, 0, x); });
  table["Sign"] = either<Real>(
      signReal<Real>, [](int64_t x) { return int64_t((x > 0) - (x < 0)); });
  table["Relu"] = either<Real>([](Real x) { return x < Real(0) ? Real(0) : x; },
                               [](int64_t x) { return x < 0 ? 0 : x; });
  table["Add"] = binaryOp<Real>([](Real a, Real b) { return a + b; }, addInt);
  table["Sub"] = binaryOp<Real>([](Real a, Real b) { return a - b; }, subInt);
  table["Mul"] = binaryOp<Real>([](Real a, Real b) { return a * b; }, mulInt);
  table["Div"] = divide<Real>;
  table["Mod"] = mod<Real>;
  table["Pow"] = power<Real>;
  table["Max"] = variadic<Real>(maxReal<Real>, maxInt);
  table["Min"] = variadic<Real>(minReal<Real>, minInt);
  table["Sum"] = variadic<Real>([](Real a, Real b) { return a + b; }, addInt);
  table["Mean"] = mean<Real>;
  table["Clip"] = clip<Real>;
}

template void reference::addElementwise(TableOf<double> &);
template void reference::addElementwise(TableOf<Exact> &);
