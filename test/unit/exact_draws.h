// Drawn residues for the tests of the exact domain, the same in every run.
#pragma once

#include "lib/reference/Exact.h"

#include <gtest/gtest.h>

#include <random>

namespace jarana::reference {

/// Small fields, in which an accident is frequent enough to be counted. Each is
/// the squares modulo a prime p = 2 q + 1.
struct Field7 {
  static constexpr uint64_t p = 7, q = 3, root = 2;
  static constexpr bool isLarge = false;
};
struct Field23 {
  static constexpr uint64_t p = 23, q = 11, root = 3;
  static constexpr bool isLarge = false;
};
struct Field47 {
  static constexpr uint64_t p = 47, q = 23, root = 3;
  static constexpr bool isLarge = false;
};

template <class Field = LargeField> class Draws {
public:
  explicit Draws(uint64_t seed) : random(seed) {}
  /// A number with residues modulo p and q.
  ResidueOf<Field> operator()() {
    return ResidueOf<Field>::finite(random() % Field::p, random() % Field::q);
  }
  TensorOf<ResidueOf<Field>> tensor(Shape shape, DType type = DType::f32) {
    TensorOf<ResidueOf<Field>> result(type, std::move(shape));
    for (ResidueOf<Field> &value : result.reals)
      value = (*this)();
    return result;
  }

  std::mt19937_64 random;
};

/// Whether two numbers are the same to the last detail: equal in each residue,
/// or both without the second one, or the same infinity, or NaN.
template <class Field> bool identical(ResidueOf<Field> x, ResidueOf<Field> y) {
  return x.modP() == y.modP() && x.modQ() == y.modQ();
}

} // namespace jarana::reference
