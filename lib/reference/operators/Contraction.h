// The matrix product that MatMul, Gemm, MatMulNBits and the hybrid forms share.
#pragma once

#include "lib/reference/operators/Parallel.h"
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

void accumulateProduct(const double *a, const double *b, double *c, int64_t m,
                       int64_t k, int64_t n);
void accumulateProduct(const Exact *a, const Exact *b, Exact *c, int64_t m,
                       int64_t k, int64_t n);

/// The same for one product after the other: c[i] += a[at(i)[0]] b[at(i)[1]],
/// in units of whole matrices.
template <class Number, class At>
void accumulateProducts(int64_t count, const Number *a, const Number *b,
                        Number *c, int64_t m, int64_t k, int64_t n, At &&at) {
  double cost = double(count) * double(m) * double(k) * double(n);
  inParallel(count * m, cost, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end;) {
      int64_t i = row / m, first = row % m,
              rows = std::min(m - first, end - row);
      auto [left, right] = at(i);
      accumulateProduct(a + (left * m + first) * k, b + right * k * n,
                        c + row * n, rows, k, n);
      row += rows;
    }
  });
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
  std::vector<std::array<int64_t, 2>> matrices(elementCount(batch));
  forEach<2>(batch,
             {broadcastStrides(batchA, batch), broadcastStrides(batchB, batch)},
             [&](int64_t i, auto &at) { matrices[i] = at; });
  auto at = [&](int64_t i) { return matrices[i]; };
  int64_t count = static_cast<int64_t>(matrices.size());
  if (isFloat(a.dtype))
    accumulateProducts(count, a.reals.data(), b.reals.data(),
                       result.reals.data(), m, k, n, at);
  else // unsigned, where overflow wraps by definition
    accumulateProducts(count, reinterpret_cast<const uint64_t *>(a.ints.data()),
                       reinterpret_cast<const uint64_t *>(b.ints.data()),
                       reinterpret_cast<uint64_t *>(result.ints.data()), m, k,
                       n, at);
  if (vectorB)
    result.shape.pop_back();
  if (vectorA)
    result.shape.erase(result.shape.end() - (vectorB ? 1 : 2));
  return result;
}

} // namespace jarana::reference
