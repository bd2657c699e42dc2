// Sigmoid and SiLU of many numbers, which share their division.
#pragma once

#include "lib/reference/Divisors.h"
#include "lib/reference/operators/Support.h"

namespace jarana::reference {

/// numerator(x) / (1 + exp(-x)) in the place of each x.
template <class Real, class Numerator>
void divideByLogistic(std::span<Real> xs, Numerator numerator) {
  std::vector<Real> denominators;
  denominators.reserve(xs.size());
  for (Real x : xs)
    denominators.push_back(Real(1) + math::exp(-x));
  Divisors<Real> divisors(denominators);
  for (size_t i = 0; i < xs.size(); ++i)
    xs[i] = divisors.divide(numerator(xs[i]), i);
}
template <class Real> void sigmoidEach(std::span<Real> xs) {
  divideByLogistic(xs, [](Real) { return Real(1); });
}
template <class Real> void siluEach(std::span<Real> xs) {
  divideByLogistic(xs, [](Real x) { return x; });
}

} // namespace jarana::reference
