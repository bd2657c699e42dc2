// Division by many numbers at once.
#pragma once

#include "lib/reference/Exact.h"

#include <span>
#include <vector>

namespace jarana::reference {

/// Numbers to divide by, all known at once: over residues an inverse takes as
/// long as a hundred products, and many take little more than one. `values`
/// must outlive this.
template <class Real> class Divisors {
public:
  explicit Divisors(std::span<const Real> values) : values(values) {
    if constexpr (!std::is_same_v<Real, double>)
      inverses = Real::invertedAll(values);
  }
  /// x / values[i].
  Real divide(Real x, int64_t i) const {
    if constexpr (std::is_same_v<Real, double>)
      return x / values[i];
    else
      return x.dividedBy(values[i], [&] { return inverses[i]; });
  }

private:
  std::span<const Real> values;
  std::vector<Real> inverses;
};

} // namespace jarana::reference
