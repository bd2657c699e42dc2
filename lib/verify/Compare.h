// Tensors over residues, compared without a tolerance.
#pragma once

#include "lib/reference/Exact.h"

namespace jarana::verify {

/// Where two tensors first differ ("at [0, 17, 3]", or in shape); empty where
/// they do not. NaN is NaN.
template <class Real>
std::string difference(const reference::TensorOf<Real> &expected,
                       const reference::TensorOf<Real> &found);

/// A hash of the elements in order, whatever the shape and the float type.
uint64_t hashOf(const reference::TensorOf<reference::Exact> &);

} // namespace jarana::verify
