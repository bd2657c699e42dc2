// Softmax attention as Attention, GroupQueryAttention and the hybrid forms
// compute it.
#pragma once

#include "lib/reference/operators/Support.h"

#include <limits>

namespace jarana::reference {

constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

/// softmax of `scores` in place; a row of -inf alone gives zeros (the attention
/// operators' rule; plain Softmax gives NaN).
template <class Real> void maskedSoftmax(std::vector<Real> &scores) {
  using std::exp;
  Real most(minusInfinity), sum(0);
  for (Real score : scores)
    most = score != score || score > most ? score : most;
  for (Real &score : scores) {
    score = most == Real(minusInfinity) ? Real(0) : exp(score - most);
    sum += score;
  }
  for (Real &score : scores)
    score = sum == Real(0) ? Real(0) : score / sum;
}

/// In which type scores are added up: a mask of -1e9 in f32 leaves nothing of
/// them, so that a row of it alone is uniform; 16-bit types are computed in
/// f32.
inline DType scoreType(DType type) {
  return type == DType::f64 ? DType::f64 : DType::f32;
}

/// Element `i` of what the operator leaves undefined: drawn where the attribute
/// "undefined" gives a seed, else 0.
template <class Real>
Real undefinedElement(const Attributes &attributes, int64_t i) {
  if constexpr (!std::is_same_v<Real, double>)
    if (int64_t seed = integer(attributes, "undefined", 0))
      return Real::drawn(mixed(static_cast<uint64_t>(seed)) +
                         static_cast<uint64_t>(i));
  return Real(0);
}

/// cap * tanh(score / cap); cap 0 is off.
template <class Real> Real softcapped(Real score, Real cap) {
  using std::tanh;
  return cap == Real(0) ? score : cap * Real(tanh(score / cap));
}

template <class Real> Real dot(const Real *a, const Real *b, int64_t count) {
  Real sum(0);
  for (int64_t i = 0; i < count; ++i)
    sum += a[i] * b[i];
  return sum;
}

/// out += sum over s of weights[s] * rows[s, :].
template <class Real>
void addWeighted(const std::vector<Real> &weights, const Real *rows,
                 int64_t width, Real *out) {
  for (size_t s = 0; s < weights.size(); ++s)
    if (weights[s] != Real(0)) // a masked position's value may be anything
      for (int64_t e = 0; e < width; ++e)
        out[e] += weights[s] * rows[s * width + e];
}

/// [b, s, heads * d] as [b, heads, s, d].
template <class Real>
TensorOf<Real> splitHeads(const TensorOf<Real> &x, int64_t heads) {
  expectRank("a packed input", x.shape, 3);
  if (heads <= 0 || x.shape[2] % heads)
    throw Error("shape " + toText(x.shape) + " does not divide into " +
                std::to_string(heads) + " heads");
  return transposed(
      reshaped(x, {x.shape[0], x.shape[1], heads, x.shape[2] / heads}),
      {0, 2, 1, 3});
}

/// [b, heads, s, d] as [b, s, heads * d].
template <class Real> TensorOf<Real> joinHeads(const TensorOf<Real> &x) {
  return reshaped(transposed(x, {0, 2, 1, 3}),
                  {x.shape[0], x.shape[2], x.shape[1] * x.shape[3]});
}

} // namespace jarana::reference
