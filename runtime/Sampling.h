// Picks a token from logits.
#pragma once

#include "jarana/runtime.h"

#include <span>
#include <vector>

namespace jarana::runtime {

/// The value of element `index` of float data of any width.
float floatAt(jarana_dtype dtype, const void *data, int64_t index);

/// The token for one sequence, by `options` (see runtime.h). `draw` tells draws
/// of one seed apart: the same seed and draw give the same random number.
/// Throws StatusError on logits that are NaN or options out of range.
int64_t sample(std::span<const float> logits, const jarana_sampling &options,
               uint64_t draw);

} // namespace jarana::runtime
