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
  std::vector<uint8_t> rowKnown(k); // of b: whether all have residues mod q
  for (int64_t l = 0; l < k; ++l)
    rowKnown[l] = std::all_of(b + l * n, b + (l + 1) * n,
                              [](const Exact &x) { return x.hasModQ(); });
  std::vector<Wide> sumsP(n), sumsQ(n);
  std::vector<uint8_t> known(n);
  for (int64_t i = 0; i < m; ++i) {
    const Exact *row = a + i * k;
    std::fill(sumsP.begin(), sumsP.end(), 0);
    std::fill(sumsQ.begin(), sumsQ.end(), 0);
    std::fill(known.begin(), known.end(), 1);
    bool anyKnown = true;
    int64_t since = 0;
    for (int64_t l = 0; l < k; ++l) {
      if (row[l].modP() == 0 && row[l].modQ() == 0)
        continue;
      uint64_t factorP = row[l].modP(), factorQ = row[l].modQ();
      const Exact *other = b + l * n;
      for (int64_t j = 0; j < n; ++j)
        sumsP[j] += Wide(factorP) * other[j].modP();
      if (anyKnown && row[l].hasModQ() && rowKnown[l]) {
        for (int64_t j = 0; j < n; ++j)
          sumsQ[j] += Wide(factorQ) * other[j].modQ();
      } else if (anyKnown) {
        anyKnown = false;
        for (int64_t j = 0; j < n; ++j) {
          if (row[l].hasModQ() && other[j].hasModQ())
            sumsQ[j] += Wide(factorQ) * other[j].modQ();
          else if (factorP != 0 && other[j].modP() != 0)
            known[j] = 0;
          anyKnown |= known[j] != 0;
        }
      }
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
          P::reduce(sumsP[j]), known[j] ? Q::reduce(sumsQ[j]) : Exact::unknown);
  }
}

} // namespace jarana::reference
