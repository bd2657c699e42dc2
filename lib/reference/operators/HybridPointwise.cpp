// hybrid.rotary_embedding, rms_norm, quantized_matmul and packed_matmul
// (dialects/hybrid/NormOps.td, MatmulOps.td). Operands are the ins, then the
// out; the result is the out's new value.
#include "lib/reference/operators/Contraction.h"
#include "lib/reference/operators/Quantization.h"
#include "lib/reference/operators/Rotary.h"
#include "lib/reference/operators/Sigmoid.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// input [b, l, h, d], cos and sin [b | 1, l, rotary_dim / 2], y.
template <class Real>
std::vector<T<Real>> rotaryEmbedding(const InputsOf<Real> &inputs,
                                     const Attributes &attributes) {
  T<Real> y = requiredReal(inputs, 0);
  const T<Real> &cosines = requiredReal(inputs, 1),
                &sines = requiredReal(inputs, 2);
  expectRank("the input", y.shape, 4);
  expectRank("cos", cosines.shape, 3);
  int64_t length = y.shape[1], heads = y.shape[2], size = y.shape[3],
          dim = integer(attributes, "rotary_dim");
  if (dim < 0 || dim % 2 || dim > size)
    throw Error("rotary_dim " + std::to_string(dim) +
                " does not fit a head of " + std::to_string(size));
  int64_t batches = cosines.shape[0];
  expectShape("cos", cosines.shape,
              {batches == 1 ? 1 : y.shape[0], length, dim / 2});
  expectShape("sin", sines.shape, cosines.shape);
  bool interleaved = text(attributes, "mode") == "interleaved";
  for (int64_t at = 0; at < y.shape[0] * length * heads; ++at) {
    int64_t row = batches == 1 ? at / heads % length : at / heads;
    rotate(&y.reals[at * size], dim, &cosines.reals[row * (dim / 2)],
           &sines.reals[row * (dim / 2)], interleaved);
  }
  y.dtype = requiredReal(inputs, 3).dtype;
  return {rounded(std::move(y))};
}

/// input [..., n], weight? [n], gate? [..., n], y: weight * v rsqrt(mean(v^2) +
/// epsilon) with one mean per group of n / groups elements; gated before the
/// norm, v = x silu(gate), or after it, v = x and the result times silu(gate).
template <class Real>
std::vector<T<Real>> rmsNorm(const InputsOf<Real> &inputs,
                             const Attributes &attributes) {
  using std::sqrt;
  T<Real> y = requiredReal(inputs, 0);
  const T<Real> *weight = optional(inputs, 1), *gate = optional(inputs, 2);
  int64_t groups = integer(attributes, "groups", 1);
  if (y.rank() < 1 || groups < 1 || y.shape.back() % groups)
    throw Error("shape " + toText(y.shape) + " does not divide into " +
                std::to_string(groups) + " groups");
  int64_t n = y.shape.back(), size = n / groups;
  if (weight)
    expectShape("the weight", weight->shape, {n});
  if (gate)
    expectShape("the gate", gate->shape, y.shape);
  Real epsilon(number(attributes, "epsilon"));
  bool before = text(attributes, "gate_position", "before") == "before";
  std::vector<Real> factors;
  if (gate) {
    factors = gate->reals;
    siluEach<Real>(factors);
  }
  for (int64_t i = 0; i < y.size() && gate && before; ++i)
    y.reals[i] *= factors[i];
  for (int64_t first = 0; first < y.size() && size > 0; first += size) {
    Real square(0);
    for (int64_t i = first; i < first + size; ++i)
      square += y.reals[i] * y.reals[i];
    Real inverse = Real(1) / sqrt(square / Real(size) + epsilon);
    for (int64_t i = first; i < first + size; ++i)
      y.reals[i] *= inverse * (weight ? weight->reals[i % n] : Real(1));
  }
  for (int64_t i = 0; i < y.size() && gate && !before; ++i)
    y.reals[i] *= factors[i];
  y.dtype = requiredReal(inputs, 3).dtype;
  return {rounded(std::move(y))};
}

/// lhs [..., k], codes [n, k / block, block * bits / 8], scales [n, k / block],
/// zero_points?, y [..., n].
template <class Real>
std::vector<T<Real>> quantizedMatmul(const InputsOf<Real> &inputs,
                                     const Attributes &attributes) {
  const T<Real> &lhs = requiredReal(inputs, 0), &codes = requiredInt(inputs, 1),
                &scales = requiredReal(inputs, 2);
  if (lhs.rank() < 1 || codes.rank() != 3)
    throw Error("lhs and codes have shapes " + toText(lhs.shape) + " and " +
                toText(codes.shape));
  T<Real> weights = unpackBlocks(
      codes.ints, scales, optional(inputs, 3), codes.shape[0], lhs.shape.back(),
      integer(attributes, "bits"), integer(attributes, "block"));
  weights.dtype = lhs.dtype;
  T<Real> y = matrixProduct(lhs, transposed(weights, {1, 0}));
  expectShape("y", requiredReal(inputs, 4).shape, y.shape);
  y.dtype = requiredReal(inputs, 4).dtype;
  return {rounded(std::move(y))};
}

/// lhs [m, k], panels [ceil(n / nr), k, nr], y [m, n]: column j of the product
/// is column j % nr of panel j / nr.
template <class Real>
std::vector<T<Real>> packedMatmul(const InputsOf<Real> &inputs,
                                  const Attributes &) {
  const T<Real> &lhs = requiredReal(inputs, 0), &panels = required(inputs, 1);
  T<Real> y = requiredReal(inputs, 2);
  expectRank("lhs", lhs.shape, 2);
  expectRank("panels", panels.shape, 3);
  expectRank("y", y.shape, 2);
  int64_t m = lhs.shape[0], k = lhs.shape[1], n = y.shape[1],
          width = panels.shape[2];
  if (width < 1)
    throw Error("the panels are empty");
  expectShape("panels", panels.shape, {(n + width - 1) / width, k, width});
  expectShape("y", y.shape, {m, n});
  T<Real> right(lhs.dtype, {k, n});
  for (int64_t l = 0; l < k; ++l)
    for (int64_t j = 0; j < n; ++j)
      right.reals[l * n + j] =
          realAt(panels, (j / width * k + l) * width + j % width);
  DType type = y.dtype;
  y = matrixProduct(lhs, right);
  y.dtype = type;
  return {rounded(std::move(y))};
}
} // namespace

template <class Real> void reference::addHybridPointwise(TableOf<Real> &table) {
  table["hybrid.rotary_embedding"] = rotaryEmbedding<Real>;
  table["hybrid.rms_norm"] = rmsNorm<Real>;
  table["hybrid.quantized_matmul"] = quantizedMatmul<Real>;
  table["hybrid.packed_matmul"] = packedMatmul<Real>;
}

template void reference::addHybridPointwise(TableOf<double> &);
template void reference::addHybridPointwise(TableOf<Exact> &);
