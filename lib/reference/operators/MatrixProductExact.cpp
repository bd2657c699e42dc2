// The matrix product over residues.
#include "lib/reference/operators/Contraction.h"

#include <algorithm>

namespace jarana::reference {
namespace {

using P = Modulo<LargeField, true>;
using Q = Modulo<LargeField, false>;

/// A sum of so many products of residues fits 127 bits.
constexpr int64_t mostProducts = 31;
/// Columns whose sums are kept at once.
constexpr int64_t mostColumns = 64;

/// row[0 .. n) += a[0 .. k) b, of finite numbers; n <= mostColumns, b's rows
/// `stride` apart. `rowKnown`: by row of b, whether all its numbers have
/// residues modulo q.
void accumulateRow(const Exact *a, const Exact *b, Exact *row, int64_t k,
                   int64_t n, int64_t stride, const uint8_t *rowKnown) {
  std::array<Wide, mostColumns> sumsP{}, sumsQ{};
  std::array<bool, mostColumns> known;
  known.fill(true);
  bool anyKnown = true;
  int64_t since = 0;
  for (int64_t l = 0; l < k; ++l) {
    uint64_t factorP = a[l].modP(), factorQ = a[l].modQ();
    if (factorP == 0 && factorQ == 0)
      continue;
    const Exact *other = b + l * stride;
    for (int64_t j = 0; j < n; ++j)
      sumsP[j] += Wide(factorP) * other[j].modP();
    if (anyKnown && a[l].hasModQ() && rowKnown[l]) {
      for (int64_t j = 0; j < n; ++j)
        sumsQ[j] += Wide(factorQ) * other[j].modQ();
    } else if (anyKnown) {
      anyKnown = false;
      for (int64_t j = 0; j < n; ++j) {
        if (a[l].hasModQ() && other[j].hasModQ())
          sumsQ[j] += Wide(factorQ) * other[j].modQ();
        else if (factorP != 0 && other[j].modP() != 0)
          known[j] = false;
        anyKnown |= known[j];
      }
    }
    if (++since == mostProducts - 1) { // what is left counts as one
      for (int64_t j = 0; j < n; ++j) {
        sumsP[j] = P::reduce(sumsP[j]);
        sumsQ[j] = Q::reduce(sumsQ[j]);
      }
      since = 0;
    }
  }
  for (int64_t j = 0; j < n; ++j)
    row[j] += Exact::finite(P::reduce(sumsP[j]),
                            known[j] ? Q::reduce(sumsQ[j]) : Exact::unknown);
}

} // namespace

void accumulateProduct(const Exact *a, const Exact *b, Exact *c, int64_t m,
                       int64_t k, int64_t n) {
  auto isFinite = [](const Exact &x) { return x.isFinite(); };
  if (!std::all_of(a, a + m * k, isFinite) ||
      !std::all_of(b, b + k * n, isFinite)) {
    accumulateProduct<Exact>(a, b, c, m, k, n);
    return;
  }
  std::vector<uint8_t> rowKnown(k);
  for (int64_t l = 0; l < k; ++l)
    rowKnown[l] = std::all_of(b + l * n, b + (l + 1) * n,
                              [](const Exact &x) { return x.hasModQ(); });
  for (int64_t first = 0; first < n; first += mostColumns)
    for (int64_t i = 0; i < m; ++i)
      accumulateRow(a + i * k, b + first, c + i * n + first, k,
                    std::min(n - first, mostColumns), n, rowKnown.data());
}

} // namespace jarana::reference
