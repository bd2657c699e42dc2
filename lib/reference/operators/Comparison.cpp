// Comparisons, logic, selection and conversions:
// https://onnx.ai/onnx/operators, opset 27.
#include "lib/reference/operators/Support.h"

#include <limits>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// A boolean for each pair of elements of the broadcast shape.
template <class Real, class OnReals, class OnInts>
OperatorOf<Real> compare(OnReals onReals, OnInts onInts) {
  return [=](const InputsOf<Real> &inputs, const Attributes &) {
    const T<Real> &a = required(inputs, 0), &b = required(inputs, 1);
    if (a.dtype != b.dtype)
      throw Error("the inputs have different types, " + name(a.dtype) +
                  " and " + name(b.dtype));
    T<Real> result(DType::boolean, broadcast(a.shape, b.shape));
    forEach<2>(
        result.shape, stridesTo(result.shape, a, b), [&](int64_t i, auto &at) {
          result.ints[i] = isFloat(a.dtype)
                               ? onReals(a.reals[at[0]], b.reals[at[1]])
                               : onInts(a.dtype, a.ints[at[0]], b.ints[at[1]]);
        });
    return std::vector{std::move(result)};
  };
}

/// And, Or, Xor: on booleans only.
template <class Real, class F> OperatorOf<Real> logic(F function) {
  return compare<Real>(
      [](Real, Real) -> bool { throw Error("booleans are expected"); },
      [=](DType type, int64_t a, int64_t b) -> bool {
        if (type != DType::boolean)
          throw Error("booleans are expected");
        return function(a, b);
      });
}

/// A boolean for each float.
template <class Real, class F> OperatorOf<Real> test(F function) {
  return [=](const InputsOf<Real> &inputs, const Attributes &attributes) {
    const T<Real> &x = requiredReal(inputs, 0);
    T<Real> result(DType::boolean, x.shape);
    for (size_t i = 0; i < x.reals.size(); ++i)
      result.ints[i] = function(x.reals[i], attributes);
    return std::vector{std::move(result)};
  };
}

template <class Real>
std::vector<T<Real>> logicalNot(const InputsOf<Real> &inputs,
                                const Attributes &) {
  T<Real> result = requiredInt(inputs, 0);
  for (int64_t &value : result.ints)
    value = !value;
  return {std::move(result)};
}

/// Where: condition ? x : y over the shape that all three broadcast to.
template <class Real>
std::vector<T<Real>> where(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &condition = requiredInt(inputs, 0), &x = required(inputs, 1),
                &y = required(inputs, 2);
  if (x.dtype != y.dtype)
    throw Error("the branches have different types, " + name(x.dtype) +
                " and " + name(y.dtype));
  T<Real> result(x.dtype,
                 broadcast(condition.shape, broadcast(x.shape, y.shape)));
  forEach<3>(result.shape, stridesTo(result.shape, condition, x, y),
             [&](int64_t i, auto &at) {
               bool first = condition.ints[at[0]] != 0;
               copyRun(first ? x : y, first ? at[1] : at[2], result, i, 1);
             });
  return {std::move(result)};
}

/// A float as an integer: truncated; what no 64-bit integer holds (NaN too)
/// becomes the lowest one, as x86's conversion does.
int64_t truncate(DType type, double value) {
  if (isUnsigned64(type) && value >= 0x1p63 && value < 0x1p64)
    return static_cast<int64_t>(static_cast<uint64_t>(value));
  if (!(value >= -0x1p63 && value < 0x1p63))
    return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}
int64_t truncate(DType, Exact value) { return static_cast<int64_t>(value); }

/// Cast: floats round to nearest even, integers wrap, booleans are x != 0.
template <class Real> T<Real> castTo(const T<Real> &x, DType type) {
  T<Real> result(type, x.shape);
  for (int64_t i = 0; i < x.size(); ++i) {
    if (isFloat(type))
      result.reals[i] = roundTo(type, realAt(x, i));
    else if (!isFloat(x.dtype))
      result.ints[i] = wrap(type, x.ints[i]);
    else if (type == DType::boolean)
      result.ints[i] = x.reals[i] != Real(0);
    else
      result.ints[i] = wrap(type, truncate(type, x.reals[i]));
  }
  return result;
}

template <class Real>
std::vector<T<Real>> cast(const InputsOf<Real> &inputs,
                          const Attributes &attributes) {
  std::optional<DType> type = dtype(attributes, "to");
  if (!type)
    throw Error("attribute 'to' is missing");
  return {castTo(required(inputs, 0), *type)};
}

/// CastLike: to the type of the second input.
template <class Real>
std::vector<T<Real>> castLike(const InputsOf<Real> &inputs,
                              const Attributes &) {
  return {castTo(required(inputs, 0), required(inputs, 1).dtype)};
}
} // namespace

template <class Real> void reference::addComparison(TableOf<Real> &table) {
  table["Equal"] =
      compare<Real>([](Real a, Real b) { return a == b; },
                    [](DType, int64_t a, int64_t b) { return a == b; });
  table["Less"] = compare<Real>([](Real a, Real b) { return a < b; }, lessInt);
  table["Greater"] = compare<Real>(
      [](Real a, Real b) { return a > b; },
      [](DType type, int64_t a, int64_t b) { return lessInt(type, b, a); });
  table["LessOrEqual"] = compare<Real>(
      [](Real a, Real b) { return a <= b; },
      [](DType type, int64_t a, int64_t b) { return !lessInt(type, b, a); });
  table["GreaterOrEqual"] = compare<Real>(
      [](Real a, Real b) { return a >= b; },
      [](DType type, int64_t a, int64_t b) { return !lessInt(type, a, b); });
  table["And"] = logic<Real>([](int64_t a, int64_t b) { return a && b; });
  table["Or"] = logic<Real>([](int64_t a, int64_t b) { return a || b; });
  table["Xor"] = logic<Real>([](int64_t a, int64_t b) { return !a != !b; });
  table["Not"] = logicalNot<Real>;
  table["IsNaN"] =
      test<Real>([](Real x, const Attributes &) { return x != x; });
  table["IsInf"] = test<Real>([](Real x, const Attributes &attributes) {
    return math::isinf(x) &&
           integer(attributes,
                   x > Real(0) ? "detect_positive" : "detect_negative", 1);
  });
  table["Where"] = where<Real>;
  table["Cast"] = cast<Real>;
  table["CastLike"] = castLike<Real>;
}

template void reference::addComparison(TableOf<double> &);
template void reference::addComparison(TableOf<Exact> &);
