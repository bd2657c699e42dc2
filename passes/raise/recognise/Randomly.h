// Random tensors for the inputs of a cut.
#pragma once

#include "lib/reference/Tensor.h"
#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// A tensor of random values, the same for the same seed. Integers are indices:
/// in [0, the last dimension). `chunk`: decays are slow enough for a state to
/// matter after as many positions.
reference::Tensor randomTensor(reference::DType dtype, reference::Shape shape,
                               Fill fill, int64_t chunk, uint64_t seed);

} // namespace jarana::raise::recognise
