// Quantised forms: https://onnx.ai/onnx/operators, opset 28, and com.microsoft
// MatMulNBits
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).
#include "lib/reference/operators/Quantization.h"

#include "lib/reference/operators/Contraction.h"

#include <algorithm>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;
template <class Real> using Results = std::vector<T<Real>>;

/// The least and the greatest value of an integer type that values are
/// quantised to.
std::pair<int64_t, int64_t> limitsOf(DType type) {
  switch (type) {
  case DType::i8:
    return {-128, 127};
  case DType::u8:
    return {0, 255};
  case DType::i16:
    return {-32768, 32767};
  case DType::u16:
    return {0, 65535};
  default:
    throw Error("nothing is quantised to " + name(type));
  }
}

/// round(x / scale) + zero, ties to even, saturated; the quotient has the
/// precision of `precision`.
template <class Real>
int64_t quantize(Real x, Real scale, int64_t zero, DType type,
                 DType precision) {
  using std::nearbyint;
  auto [least, greatest] = limitsOf(type);
  Real level = nearbyint(roundTo(precision, x / scale)) + Real(zero);
  if (!(level > Real(least))) // a NaN too
    return least;
  // What has no order is an integer of any size.
  return level < Real(greatest) ? wrap(type, static_cast<int64_t>(level))
                                : greatest;
}

/// Which element of `scale` serves each element of a tensor of shape `x`: one
/// for all, one per index along `axis`, or one per block along `axis`. Calls
/// f(i, s).
template <class F>
void forEachScale(const Shape &x, const Shape &scale,
                  const Attributes &attributes, F f) {
  int64_t rank = x.size(), count = elementCount(scale);
  bool perTensor = count == 1 && scale.size() <= 1;
  int64_t axis =
      perTensor ? 0 : normalizeAxis(integer(attributes, "axis", 1), rank);
  if (!perTensor && scale.size() == 1) {
    expectShape("the scale", scale, {x[axis]});
  } else if (!perTensor) {
    Shape expected = x;
    if (scale.size() == x.size())
      expected[axis] = scale[axis];
    expectShape("the scale", scale, expected);
  }
  int64_t block = integer(attributes, "block_size", 0);
  if (!perTensor && scale.size() > 1) {
    if (block == 0)
      block = scale[axis] ? (x[axis] + scale[axis] - 1) / scale[axis] : 1;
    if (block < 1 || (x[axis] + block - 1) / block != scale[axis])
      throw Error("blocks of " + std::to_string(block) +
                  " do not divide shape " + toText(x) +
                  " into scales of shape " + toText(scale));
  }
  int64_t inner = perTensor ? 1 : product(x, axis + 1, rank);
  for (int64_t i = 0, total = elementCount(x); i < total; ++i) {
    if (perTensor) {
      f(i, 0);
      continue;
    }
    int64_t at = i / inner % x[axis], outer = i / inner / x[axis];
    f(i, scale.size() == 1
             ? at
             : (outer * scale[axis] + at / block) * inner + i % inner);
  }
}

/// QuantizeLinear: x, y_scale, y_zero_point?.
template <class Real>
Results<Real> quantizeLinear(const InputsOf<Real> &inputs,
                             const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0), &scale = requiredReal(inputs, 1);
  const T<Real> *zero = optional(inputs, 2);
  if (zero)
    expectShape("the zero point", zero->shape, scale.shape);
  DType type = zero ? zero->dtype
                    : dtype(attributes, "output_dtype").value_or(DType::u8);
  DType precision = dtype(attributes, "precision").value_or(scale.dtype);
  T<Real> result(type, x.shape);
  forEachScale(x.shape, scale.shape, attributes, [&](int64_t i, int64_t s) {
    result.ints[i] = quantize(realAt(x, i), scale.reals[s],
                              zero ? zero->ints[s] : 0, type, precision);
  });
  return {std::move(result)};
}

/// DequantizeLinear: (x - x_zero_point) * x_scale.
template <class Real>
Results<Real> dequantizeLinear(const InputsOf<Real> &inputs,
                               const Attributes &attributes) {
  const T<Real> &x = requiredInt(inputs, 0), &scale = requiredReal(inputs, 1);
  const T<Real> *zero = optional(inputs, 2);
  if (zero)
    expectShape("the zero point", zero->shape, scale.shape);
  T<Real> result(dtype(attributes, "output_dtype").value_or(scale.dtype),
                 x.shape);
  forEachScale(x.shape, scale.shape, attributes, [&](int64_t i, int64_t s) {
    result.reals[i] =
        Real(x.ints[i] - (zero ? zero->ints[s] : 0)) * scale.reals[s];
  });
  return {rounded(std::move(result))};
}

/// DynamicQuantizeLinear: y (uint8), y_scale, y_zero_point from the range of x,
/// widened to contain 0. As a function of f32 operators, each step is rounded.
template <class Real>
Results<Real> dynamicQuantizeLinear(const InputsOf<Real> &inputs,
                                    const Attributes &) {
  const T<Real> &x = requiredReal(inputs, 0);
  Real least(0), greatest(0);
  for (Real value : x.reals) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  T<Real> y(DType::u8, x.shape), scale(DType::f32, {}), zero(DType::u8, {});
  Real range = roundTo(DType::f32, greatest - least);
  scale.reals[0] = roundTo(DType::f32, range / Real(255));
  // All zeros: any scale will do; the zero point is 0.
  zero.ints[0] = range == Real(0) ? 0
                                  : quantize(-least, scale.reals[0], 0,
                                             DType::u8, DType::f32);
  for (int64_t i = 0; i < x.size(); ++i)
    y.ints[i] = range == Real(0)
                    ? 0
                    : quantize(x.reals[i], scale.reals[0], zero.ints[0],
                               DType::u8, DType::f32);
  return {std::move(y), std::move(scale), std::move(zero)};
}

/// x - zero in i32. The zero point is one number, or one per index of the
/// dimension `axis` from the end ([m], or [..., m, 1] for rows and [..., 1, n]
/// for columns).
template <class Real>
T<Real> centred(T<Real> x, const T<Real> *zero, int64_t axis) {
  x.dtype = DType::i32;
  if (!zero)
    return x;
  T<Real> shift = *zero;
  if (shift.rank() == 1 && axis == 2 && shift.size() > 1)
    shift.shape.push_back(1);
  forEach<1>(x.shape, {broadcastStrides(shift.shape, x.shape)},
             [&](int64_t i, auto &at) { x.ints[i] -= shift.ints[at[0]]; });
  return x;
}

/// MatMulInteger: A, B, a_zero_point? (per row), b_zero_point? (per column);
/// i32.
template <class Real>
Results<Real> matMulInteger(const InputsOf<Real> &inputs, const Attributes &) {
  return {rounded(
      matrixProduct(centred(requiredInt(inputs, 0), optional(inputs, 2), 2),
                    centred(requiredInt(inputs, 1), optional(inputs, 3), 1)))};
}

/// MatMulNBits: A [..., K], B (u8), scales, zero_points?, g_idx?, bias?: A
/// times the transpose of the N x K matrix that B holds.
template <class Real>
Results<Real> matMulNBits(const InputsOf<Real> &inputs,
                          const Attributes &attributes) {
  const T<Real> &a = requiredReal(inputs, 0), &scales = requiredReal(inputs, 2);
  int64_t k = integer(attributes, "K"), n = integer(attributes, "N");
  T<Real> weights =
      unpackBlocks(requiredInt(inputs, 1).ints, scales, optional(inputs, 3), n,
                   k, integer(attributes, "bits", 4),
                   integer(attributes, "block_size"), optional(inputs, 4));
  weights.dtype = a.dtype;
  T<Real> result = matrixProduct(a, transposed(weights, {1, 0}));
  if (const T<Real> *bias = optional(inputs, 5))
    forEach<1>(
        result.shape, {broadcastStrides(bias->shape, result.shape)},
        [&](int64_t i, auto &at) { result.reals[i] += bias->reals[at[0]]; });
  return {rounded(std::move(result))};
}
} // namespace

template <class Real> void reference::addQuantization(TableOf<Real> &table) {
  table["QuantizeLinear"] = quantizeLinear<Real>;
  table["DequantizeLinear"] = dequantizeLinear<Real>;
  table["DynamicQuantizeLinear"] = dynamicQuantizeLinear<Real>;
  table["MatMulInteger"] = matMulInteger<Real>;
  table["MatMulNBits"] = matMulNBits<Real>;
}

template void reference::addQuantization(TableOf<double> &);
template void reference::addQuantization(TableOf<Exact> &);
