// The matrix product over residues.
#include "lib/reference/operators/Contraction.h"

#include <algorithm>

namespace jarana::reference {
namespace {

/// A sum of so many products of residues fits 127 bits.
constexpr int64_t mostProducts = 31;

} // namespace

void accumulateProduct(const Exact *a, const Exact *b, Exact *c, int64_t m,
                       int64_t k, int64_t n) {
  auto isFinite = [](const Exact &x) { return x.isFinite(); };
  if (!std::all_of(a, a + m * k, isFinite) ||
      !std::all_of(b, b + k * n, isFinite)) {
    accumulateProduct<Exact>(a, b, c, m, k, n);
    return;
  }
  using P = Modulo<LargeField, true>;
  using Q = Modulo<LargeField, false>;
  std::vector<bool> columnKnown(n, true);
  for (int64_t l = 0; l < k; ++l)
    for (int64_t j = 0; j < n; ++j)
      if (!b[l * n + j].hasModQ())
        columnKnown[j] = false;
  bool anyKnown = std::find(columnKnown.begin(), columnKnown.end(), true) !=
                  columnKnown.end();
  std::vector<Wide> sumsP(n), sumsQ(n);
  for (int64_t i = 0; i < m; ++i) {
    const Exact *row = a + i * k;
    bool known = anyKnown && std::all_of(row, row + k, [](const Exact &x) {
                   return x.hasModQ();
                 });
    std::fill(sumsP.begin(), sumsP.end(), 0);
    std::fill(sumsQ.begin(), sumsQ.end(), 0);
    int64_t since = 0;
    for (int64_t l = 0; l < k; ++l) {
      uint64_t factorP = row[l].modP(), factorQ = row[l].modQ();
      if (factorP == 0)
        continue;
      const Exact *other = b + l * n;
      for (int64_t j = 0; j < n; ++j)
        sumsP[j] += Wide(factorP) * other[j].modP();
      if (known)
        for (int64_t j = 0; j < n; ++j)
          if (columnKnown[j])
            sumsQ[j] += Wide(factorQ) * other[j].modQ();
      if (++since == mostProducts - 1) { // what is left counts as one
        for (Wide &sum : sumsP)
          sum = P::reduce(sum);
        for (Wide &sum : sumsQ)
          sum = Q::reduce(sum);
        since = 0;
      }
    }
    for (int64_t j = 0; j < n; ++j)
      c[i * n + j] += Exact::finite(
          P::reduce(sumsP[j]),
          known && columnKnown[j] ? Q::reduce(sumsQ[j]) : Exact::unknown);
  }
}

} // namespace jarana::reference
