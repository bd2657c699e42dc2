// Normalizations of ai.onnx (RMSNormalization 23, LayerNormalization 17) and of
// com.microsoft
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).
#include "lib/reference/operators/Support.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;
template <class Real> using Results = std::vector<T<Real>>;

/// x scaled (and shifted) element by element, in Reals: y[i] = y[i] * scale[i]
/// + shift[i], both broadcast.
template <class Real>
void affine(T<Real> &y, const T<Real> *scale, const T<Real> *shift) {
  T<Real> one(y.dtype, {}), zero(y.dtype, {});
  one.reals[0] = Real(1);
  const T<Real> &s = scale ? *scale : one, &t = shift ? *shift : zero;
  forEach<2>(y.shape, stridesTo(y.shape, s, t), [&](int64_t i, auto &at) {
    y.reals[i] = y.reals[i] * s.reals[at[0]] + t.reals[at[1]];
  });
}

/// Rows of the normalized axes [axis, rank): (x - mean) / sqrt(variance +
/// epsilon) where `centered`, else x / sqrt(mean(x^2) + epsilon). Returns y
/// (not rounded, before scale and shift), the means and the inverse deviations
/// with those axes as 1.
template <class Real>
Results<Real> normalized(const T<Real> &x, int64_t axis, Real epsilon,
                         bool centered) {
  using std::sqrt;
  axis = normalizeAxis(axis, x.rank());
  int64_t row = product(x.shape, axis, x.rank());
  Shape shape = x.shape;
  std::fill(shape.begin() + axis, shape.end(), 1);
  T<Real> y = x, means(DType::f32, shape), inverse(DType::f32, shape);
  for (int64_t r = 0; r < means.size() && row > 0; ++r) {
    Real *values = &y.reals[r * row];
    Real mean(0), square(0);
    for (int64_t i = 0; i < row && centered; ++i)
      mean += values[i] / Real(row);
    for (int64_t i = 0; i < row; ++i)
      square += (values[i] - mean) * (values[i] - mean);
    means.reals[r] = mean;
    inverse.reals[r] = Real(1) / sqrt(square / Real(row) + epsilon);
    for (int64_t i = 0; i < row; ++i)
      values[i] = (values[i] - mean) * inverse.reals[r];
  }
  return {std::move(y), rounded(std::move(means)), rounded(std::move(inverse))};
}

/// RMSNormalization: x / sqrt(mean(x^2) + epsilon) * scale over the axes from
/// `axis` on.
template <class Real>
Results<Real> rmsNormalization(const InputsOf<Real> &inputs,
                               const Attributes &attributes) {
  const T<Real> &x = requiredReal(inputs, 0);
  T<Real> y = normalized(x, integer(attributes, "axis", -1),
                         Real(number(attributes, "epsilon", 1e-5f)), false)[0];
  affine<Real>(y, optional(inputs, 1), nullptr);
  return {rounded(std::move(y))};
}

/// LayerNormalization: Y, Mean, InvStdDev.
template <class Real>
Results<Real> layerNormalization(const InputsOf<Real> &inputs,
                                 const Attributes &attributes) {
  const T<Real> &x = requiredReal(inputs, 0);
  Results<Real> results =
      normalized(x, integer(attributes, "axis", -1),
                 Real(number(attributes, "epsilon", 1e-5f)), true);
  affine(results[0], optional(inputs, 1), optional(inputs, 2));
  results[0] = rounded(std::move(results[0]));
  return results;
}

/// SkipSimplifiedLayerNormalization: input, skip, gamma, bias?: sum = input +
/// skip + bias; results: the normalized sum, mean and inverse deviation (which
/// nobody gets from ONNX Runtime's kernel either), and the sum.
template <class Real>
Results<Real> skipSimplified(const InputsOf<Real> &inputs,
                             const Attributes &attributes) {
  T<Real> sum = requiredReal(inputs, 0);
  for (size_t i : {1, 3})
    if (const T<Real> *part = optional(inputs, i))
      forEach<1>(
          sum.shape, {broadcastStrides(part->shape, sum.shape)},
          [&](int64_t e, auto &at) { sum.reals[e] += part->reals[at[0]]; });
  sum = rounded(std::move(sum));
  Results<Real> results =
      normalized(sum, -1, Real(number(attributes, "epsilon", 1e-5f)), false);
  affine<Real>(results[0], &requiredReal(inputs, 2), nullptr);
  results[0] = rounded(std::move(results[0]));
  results.push_back(std::move(sum));
  return results;
}
} // namespace

template <class Real> void reference::addNormalization(TableOf<Real> &table) {
  table["RMSNormalization"] = rmsNormalization<Real>;
  // What ONNX Runtime's exporters call RMSNormalization.
  table["SimplifiedLayerNormalization"] = rmsNormalization<Real>;
  table["LayerNormalization"] = layerNormalization<Real>;
  table["SkipSimplifiedLayerNormalization"] = skipSimplified<Real>;
}

template void reference::addNormalization(TableOf<double> &);
template void reference::addNormalization(TableOf<Exact> &);
