// The rotation of RotaryEmbedding, GroupQueryAttention and
// hybrid.rotary_embedding.
#pragma once

#include <cstdint>

namespace jarana::reference {

/// Rotates the first `dim` of the elements `x` in place by the angles whose
/// cosines and sines are given (dim/2 each): pairs are (i, i + dim/2), or (2i,
/// 2i + 1) where interleaved. Su et al. 2021, "RoFormer", section 3.4.
template <class Real>
void rotate(Real *x, int64_t dim, const Real *cosines, const Real *sines,
            bool interleaved) {
  for (int64_t i = 0; i < dim / 2; ++i) {
    Real &a = x[interleaved ? 2 * i : i];
    Real &b = x[interleaved ? 2 * i + 1 : i + dim / 2];
    Real first = cosines[i] * a - sines[i] * b;
    b = sines[i] * a + cosines[i] * b;
    a = first;
  }
}

} // namespace jarana::reference
