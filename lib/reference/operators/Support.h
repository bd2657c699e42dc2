// What the reference operators share: attributes, shapes, strided iteration.
// Nothing here knows an operator.
#pragma once

#include "lib/reference/Exact.h"
#include "lib/reference/operators/Tables.h"

#include <array>
#include <cmath>

namespace jarana::reference {

/// The functions of <cmath> for every scalar domain.
namespace math {
#define JARANA_MATH(name)                                                      \
  template <class Real> Real name(Real x) {                                    \
    using std::name;                                                           \
    return name(x);                                                            \
  }
JARANA_MATH(exp)
JARANA_MATH(sqrt)
JARANA_MATH(log)
JARANA_MATH(sin)
JARANA_MATH(cos)
JARANA_MATH(tan)
JARANA_MATH(asin)
JARANA_MATH(acos)
JARANA_MATH(atan)
JARANA_MATH(sinh)
JARANA_MATH(cosh)
JARANA_MATH(tanh)
JARANA_MATH(asinh)
JARANA_MATH(acosh)
JARANA_MATH(atanh)
JARANA_MATH(erf)
JARANA_MATH(fabs)
JARANA_MATH(floor)
JARANA_MATH(ceil)
JARANA_MATH(nearbyint)
JARANA_MATH(expm1)
JARANA_MATH(log1p)
#undef JARANA_MATH
template <class Real> Real pow(Real x, Real y) {
  using std::pow;
  return pow(x, y);
}
template <class Real> Real fmod(Real x, Real y) {
  using std::fmod;
  return fmod(x, y);
}
template <class Real> bool isinf(Real x) {
  using std::isinf;
  return isinf(x);
}
} // namespace math

/// x y + z w; over residues it is reduced once (Exact.h).
inline double sumOfProducts(double x, double y, double z, double w) {
  return x * y + z * w;
}

/// The attribute, or `fallback` (the specification's default) where it is
/// absent; throws where it has another kind, or is absent without a fallback.
int64_t integer(const Attributes &, const std::string &name,
                std::optional<int64_t> fallback = std::nullopt);
double number(const Attributes &, const std::string &name,
              std::optional<double> fallback = std::nullopt);
std::string text(const Attributes &, const std::string &name,
                 std::optional<std::string> fallback = std::nullopt);
std::vector<int64_t> integers(const Attributes &, const std::string &name,
                              std::vector<int64_t> fallback = {});
bool has(const Attributes &, const std::string &name);
/// An element type given by its name ("float16") or by ONNX's number of it
/// (TensorProto.DataType); none where the attribute is absent or 0.
std::optional<DType> dtype(const Attributes &, const std::string &name);

/// `axis` counted from the end where it is negative; throws outside [-rank,
/// rank).
int64_t normalizeAxis(int64_t axis, int64_t rank);
/// Row-major strides in elements.
Shape stridesOf(const Shape &);
/// The index of element number `element` in row-major order.
Shape indexAt(const Shape &, int64_t element);
/// The product of shape[begin], ..., shape[end - 1].
int64_t product(const Shape &, int64_t begin, int64_t end);
/// Numpy's multidirectional broadcasting; throws where shapes do not agree.
Shape broadcast(const Shape &, const Shape &);
/// Strides that read a tensor of shape `from` as if it had shape `to`: 0 along
/// broadcast dimensions. Throws where `from` does not broadcast to `to`.
Shape broadcastStrides(const Shape &from, const Shape &to);
bool isUnsigned64(DType);
/// a < b, as values of the integer type.
bool lessInt(DType, int64_t a, int64_t b);
/// Throws "WHAT has shape ..., but ... is expected".
void expectShape(const std::string &what, const Shape &found,
                 const Shape &expected);
void expectRank(const std::string &what, const Shape &found, int64_t rank);

/// The strides of each tensor, broadcast to the shape.
template <class... Tensors>
std::array<Shape, sizeof...(Tensors)> stridesTo(const Shape &to,
                                                const Tensors &...tensors) {
  return {broadcastStrides(tensors.shape, to)...};
}

/// Calls f(i, offsets) for every element i of `shape` in row-major order;
/// offsets[k] is the index's product with strides[k].
template <size_t N, class F>
void forEach(const Shape &shape, const std::array<Shape, N> &strides, F &&f) {
  if (elementCount(shape) == 0)
    return;
  // Neighbouring dimensions that all strides step through like one are one.
  struct Loop {
    int64_t extent;
    std::array<int64_t, N> step;
  };
  std::vector<Loop> loops;
  for (size_t d = 0; d < shape.size(); ++d) {
    Loop loop{shape[d], {}};
    for (size_t k = 0; k < N; ++k)
      loop.step[k] = strides[k][d];
    bool merges = !loops.empty();
    for (size_t k = 0; k < N && merges; ++k)
      merges = loops.back().step[k] == loop.step[k] * loop.extent;
    if (merges)
      loops.back() = {loops.back().extent * loop.extent, loop.step};
    else if (loop.extent != 1)
      loops.push_back(loop);
  }
  std::array<int64_t, N> at{};
  if (loops.empty())
    return f(int64_t{0}, at);
  Loop inner = loops.back();
  loops.pop_back();
  Shape index(loops.size());
  for (int64_t i = 0;;) {
    for (int64_t j = 0; j < inner.extent; ++j, ++i) {
      f(i, at);
      for (size_t k = 0; k < N; ++k)
        at[k] += inner.step[k];
    }
    for (size_t k = 0; k < N; ++k)
      at[k] -= inner.step[k] * inner.extent;
    size_t d = loops.size();
    while (d > 0) {
      const Loop &loop = loops[--d];
      for (size_t k = 0; k < N; ++k)
        at[k] += loop.step[k];
      if (++index[d] < loop.extent)
        break;
      for (size_t k = 0; k < N; ++k)
        at[k] -= loop.step[k] * loop.extent;
      index[d] = 0;
      if (d == 0)
        return;
    }
    if (loops.empty())
      return;
  }
}

template <class Real> bool present(const InputsOf<Real> &inputs, size_t i) {
  return i < inputs.size() && inputs[i];
}
/// Input i, nullptr where it is absent.
template <class Real>
const TensorOf<Real> *optional(const InputsOf<Real> &inputs, size_t i) {
  return present(inputs, i) ? inputs[i] : nullptr;
}
template <class Real>
const TensorOf<Real> &required(const InputsOf<Real> &inputs, size_t i) {
  if (!present(inputs, i))
    throw Error("input " + std::to_string(i) + " is missing");
  return *inputs[i];
}
template <class Real>
const TensorOf<Real> &requiredReal(const InputsOf<Real> &inputs, size_t i) {
  const TensorOf<Real> &tensor = required(inputs, i);
  if (!isFloat(tensor.dtype))
    throw Error("input " + std::to_string(i) + " is " + name(tensor.dtype) +
                ", but a float type is expected");
  return tensor;
}
template <class Real>
const TensorOf<Real> &requiredInt(const InputsOf<Real> &inputs, size_t i) {
  const TensorOf<Real> &tensor = required(inputs, i);
  if (isFloat(tensor.dtype))
    throw Error("input " + std::to_string(i) + " is " + name(tensor.dtype) +
                ", but an integer type is expected");
  return tensor;
}

/// The value of a tensor of one element.
template <class Real> int64_t intScalar(const TensorOf<Real> &tensor) {
  if (isFloat(tensor.dtype) || tensor.size() != 1)
    throw Error("one integer is expected, not " + name(tensor.dtype) + " " +
                toText(tensor.shape));
  return tensor.ints[0];
}
/// 1 / sqrt(size), what a scale of scores is where there is none, as the f32
/// that such attributes are.
template <class Real> Real defaultScale(int64_t size) {
  return Real(static_cast<float>(1 / std::sqrt(static_cast<double>(size))));
}

/// Element i as a Real, whatever the type.
template <class Real> Real realAt(const TensorOf<Real> &tensor, int64_t i) {
  if (isFloat(tensor.dtype))
    return tensor.reals[i];
  if (isUnsigned64(tensor.dtype))
    return Real(static_cast<uint64_t>(tensor.ints[i]));
  return Real(tensor.ints[i]);
}

/// Rounds each element to the tensor's type: the one rounding of an operator.
template <class Real> TensorOf<Real> rounded(TensorOf<Real> tensor) {
  if constexpr (!std::is_same_v<Real, double>) {
    if (isFloat(tensor.dtype))
      roundTo(tensor.dtype, Real(0));      // says that nothing is rounded
  } else if (tensor.dtype == DType::f32) { // a loop without calls
    for (Real &value : tensor.reals)
      value = static_cast<float>(value);
  } else {
    for (Real &value : tensor.reals)
      value = roundTo(tensor.dtype, value);
  }
  for (int64_t &value : tensor.ints)
    value = wrap(tensor.dtype, value);
  return tensor;
}

/// The tensor of `shape` whose element at an index is `tensor`'s at
/// offset + index . strides: transposition, slicing and broadcasting.
template <class Real>
TensorOf<Real> strided(const TensorOf<Real> &tensor, Shape shape,
                       const Shape &strides, int64_t offset = 0) {
  TensorOf<Real> result(tensor.dtype, std::move(shape));
  if (isFloat(tensor.dtype))
    forEach<1>(result.shape, {strides}, [&](int64_t i, auto &at) {
      result.reals[i] = tensor.reals[offset + at[0]];
    });
  else
    forEach<1>(result.shape, {strides}, [&](int64_t i, auto &at) {
      result.ints[i] = tensor.ints[offset + at[0]];
    });
  return result;
}

/// Copies `count` consecutive elements.
template <class Real>
void copyRun(const TensorOf<Real> &from, int64_t source, TensorOf<Real> &to,
             int64_t target, int64_t count) {
  if (isFloat(from.dtype))
    std::copy_n(from.reals.begin() + source, count, to.reals.begin() + target);
  else
    std::copy_n(from.ints.begin() + source, count, to.ints.begin() + target);
}

template <class Real>
TensorOf<Real> reshaped(TensorOf<Real> tensor, Shape shape) {
  if (elementCount(shape) != tensor.size())
    throw Error("shape " + toText(tensor.shape) + " cannot become " +
                toText(shape));
  tensor.shape = std::move(shape);
  return tensor;
}

template <class Real>
TensorOf<Real> transposed(const TensorOf<Real> &tensor, const Shape &order) {
  Shape shape, strides, from = stridesOf(tensor.shape);
  for (int64_t axis : order) {
    shape.push_back(tensor.shape[axis]);
    strides.push_back(from[axis]);
  }
  return strided(tensor, shape, strides);
}

} // namespace jarana::reference
