// Weights stored as codes of a few bits with a scale per block.
#pragma once

#include "lib/reference/operators/Support.h"

namespace jarana::reference {

/// Code number i of a row of `bits`-bit codes packed into bytes, low bits
/// first. Bytes may be stored as signed.
inline int64_t codeAt(const int64_t *row, int64_t i, int64_t bits) {
  int64_t bit = i * bits;
  return (static_cast<uint8_t>(row[bit / 8]) >> (bit % 8)) & ((1 << bits) - 1);
}

/// The matrix [n, k] of (code - zero) * scale. `codes`: n rows of ceil(k /
/// block) blocks of block * bits / 8 bytes; `scales`: one per row and block;
/// `zeros`: as scales, or packed codes with each row starting at a byte
/// (default 2^(bits - 1)); `groups` (g_idx) names the block of each column,
/// default column / block.
template <class Real>
TensorOf<Real>
unpackBlocks(const std::vector<int64_t> &codes, const TensorOf<Real> &scales,
             const TensorOf<Real> *zeros, int64_t n, int64_t k, int64_t bits,
             int64_t block, const TensorOf<Real> *groups = nullptr) {
  if (n < 0 || k < 0 || block < 1 || (bits != 2 && bits != 4 && bits != 8) ||
      block * bits % 8)
    throw Error("blocks of " + std::to_string(block) + " codes of " +
                std::to_string(bits) + " bits are not taken");
  int64_t blocks = (k + block - 1) / block,
          rowBytes = blocks * (block * bits / 8),
          zeroBytes = (blocks * bits + 7) / 8;
  if (static_cast<int64_t>(codes.size()) != n * rowBytes ||
      scales.size() != n * blocks)
    throw Error("the codes or scales do not have the size that N, K and the "
                "block size say");
  bool packedZeros = zeros && !isFloat(zeros->dtype);
  if (zeros && zeros->size() != n * (packedZeros ? zeroBytes : blocks))
    throw Error("zero_points of shape " + toText(zeros->shape) + " do not fit");
  if (groups && groups->size() < k)
    throw Error("g_idx is shorter than K");
  TensorOf<Real> result(scales.dtype, {n, k});
  for (int64_t row = 0; row < n; ++row)
    for (int64_t i = 0; i < k; ++i) {
      int64_t group = groups ? groups->ints[i] : i / block;
      if (group < 0 || group >= blocks)
        throw Error("g_idx names a block that does not exist");
      Real zero = !zeros ? Real(int64_t{1} << (bits - 1))
                  : packedZeros
                      ? Real(codeAt(&zeros->ints[row * zeroBytes], group, bits))
                      : zeros->reals[row * blocks + group];
      result.reals[row * k + i] =
          (Real(codeAt(&codes[row * rowBytes], i, bits)) - zero) *
          scales.reals[row * blocks + group];
    }
  return result;
}

} // namespace jarana::reference
