// The inner loops of the matrix product, for the vector units that x86 has.
#include "lib/reference/operators/Contraction.h"

namespace jarana::reference {

// Not FMA: a product is rounded before it is added, on every machine alike.
#if defined(__x86_64__) && defined(__linux__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
void accumulateProduct(const double *a, const double *b, double *c, int64_t m,
                       int64_t k, int64_t n) {
  // Four rows of b at a time, added one after the other: c is read and written
  // once for them.
  constexpr int64_t step = 4;
  for (int64_t i = 0; i < m; ++i) {
    double *__restrict row = c + i * n;
    int64_t l = 0;
    for (; l + step <= k; l += step) {
      const double *factors = a + i * k + l, *__restrict b0 = b + l * n,
                   *__restrict b1 = b0 + n, *__restrict b2 = b1 + n,
                   *__restrict b3 = b2 + n;
      double f0 = factors[0], f1 = factors[1], f2 = factors[2], f3 = factors[3];
      for (int64_t j = 0; j < n; ++j) {
#pragma clang fp contract(off)
        double sum = row[j] + f0 * b0[j];
        sum = sum + f1 * b1[j];
        sum = sum + f2 * b2[j];
        row[j] = sum + f3 * b3[j];
      }
    }
    for (; l < k; ++l) {
      double factor = a[i * k + l];
      const double *__restrict other = b + l * n;
      for (int64_t j = 0; j < n; ++j) {
#pragma clang fp contract(off)
        row[j] = row[j] + factor * other[j];
      }
    }
  }
}

} // namespace jarana::reference
