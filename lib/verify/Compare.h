// Tensors over residues, compared without a tolerance.
#pragma once

#include "lib/reference/Exact.h"
#include "llvm/ADT/BitVector.h"

namespace jarana::verify {

/// Where two tensors first differ ("at [0, 17, 3]", or in shape), elements in
/// `without` aside; empty where they do not. NaN is NaN.
template <class Real>
std::string difference(const reference::TensorOf<Real> &expected,
                       const reference::TensorOf<Real> &found,
                       const llvm::BitVector &without = {});

/// The elements that differ, of two tensors of one shape and type.
llvm::BitVector differences(const reference::ExactTensor &,
                            const reference::ExactTensor &);

/// The same bits where `type` differs in the sign alone, as raising makes
/// signless integers of unsigned ones; the tensor itself for other types.
reference::ExactTensor withSignOf(reference::DType type,
                                  reference::ExactTensor);

/// A hash of the elements in order, whatever the shape and the float type.
uint64_t hashOf(const reference::TensorOf<reference::Exact> &);

} // namespace jarana::verify
