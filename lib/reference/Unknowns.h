// Numbers of a model that an evaluation over residues may take for any.
#pragma once

#include "lib/reference/Exact.h"

#include <vector>

namespace jarana::reference {

/// The elements of a constant of several floats, as unknowns: two functions of
/// them that are equal are equal whatever they are, as it is with inputs.
struct Unknowns {
  static constexpr int64_t none = -1;
  /// By element: which unknown it is. Elements that are the same along a whole
  /// axis, as of what was broadcast, are one. None: zeros, and numbers so large
  /// or small that something may hang on it (what hides keys), are themselves.
  std::vector<int64_t> of;
};

/// The unknowns of a constant; no elements where it has none: integers, a
/// single number, many that are all the same.
Unknowns unknownsOf(const Tensor &);

/// A hash of the elements that no two constants share.
std::string digestOf(const Tensor &);

/// The tensor with its unknowns drawn, the same for the same seed and elements.
ExactTensor drawnByPlace(const Tensor &, uint64_t seed);

} // namespace jarana::reference
