// The matrix product that MatMul, Gemm, MatMulNBits and the hybrid forms share.
#pragma once

#include "lib/reference/operators/Support.h"

namespace jarana::reference {

/// c[m, n] += a[m, k] b[k, n], row-major; the inner loop runs along rows of b
/// and c.
template <class Number>
void accumulateProduct(const Number *a, const Number *b, Number *c, int64_t m,
                       int64_t k, int64_t n) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t l = 0; l < k; ++l) {
      Number factor = a[i * k + l];
      for (int64_t j = 0; j < n; ++j)
        c[i * n + j] += factor * b[l * n + j];
    }
}

/// numpy.matmul: batch dimensions broadcast, vectors gain a dimension of 1 that
/// the result loses. Not rounded.
template <class Real>
TensorOf<Real> matrixProduct(TensorOf<Real> a, TensorOf<Real> b) {
  if (a.dtype != b.dtype || a.rank() < 1 || b.rank() < 1)
    throw Error("a " + name(a.dtype) + toText(a.shape) + " and a " +
                name(b.dtype) + toText(b.shape) + " have no matrix product");
  bool vectorA = a.rank() == 1, vectorB = b.rank() == 1;
  if (vectorA)
    a.shape.insert(a.shape.begin(), 1);
  if (vectorB)
    b.shape.push_back(1);
  int64_t m = a.shape[a.rank() - 2], k = a.shape.back(), n = b.shape.back();
  if (b.shape[b.rank() - 2] != k)
    throw Error("shapes " + toText(a.shape) + " and " + toText(b.shape) +
                " do not agree in the summed dimension");
  Shape batchA(a.shape.begin(), a.shape.end() - 2),
      batchB(b.shape.begin(), b.shape.end() - 2),
      batch = broadcast(batchA, batchB), shape = batch;
  shape.insert(shape.end(), {m, n});
  TensorOf<Real> result(a.dtype, shape);
  forEach<2>(
      batch, {broadcastStrides(batchA, batch), broadcastStrides(batchB, batch)},
      [&](int64_t i, auto &at) {
        if (isFloat(a.dtype))
          accumulateProduct(a.reals.data() + at[0] * m * k,
                            b.reals.data() + at[1] * k * n,
                            result.reals.data() + i * m * n, m, k, n);
        else // unsigned, where overflow wraps by definition
          accumulateProduct(
              reinterpret_cast<const uint64_t *>(a.ints.data() + at[0] * m * k),
              reinterpret_cast<const uint64_t *>(b.ints.data() + at[1] * k * n),
              reinterpret_cast<uint64_t *>(result.ints.data() + i * m * n), m,
              k, n);
      });
  if (vectorB)
    result.shape.pop_back();
  if (vectorA)
    result.shape.erase(result.shape.end() - (vectorB ? 1 : 2));
  return result;
}

} // namespace jarana::reference
