// What the loops need of slices: the end of scf.forall.
#pragma once

#include "lib/reference/tensor/Handlers.h"

namespace jarana::reference {

/// `into` after a tensor.parallel_insert_slice.
template <class Real>
TensorOf<Real> insertedInParallel(mlir::Operation &, FrameOf<Real> &,
                                  TensorOf<Real> into);

} // namespace jarana::reference
