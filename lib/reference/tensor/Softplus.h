// The spellings of softplus that are equal to log(1 + exp(x)) in numbers, but
// not in a domain where the order is drawn.
#pragma once

#include "lib/reference/Exact.h"
#include "lib/reference/tensor/Handlers.h"

namespace jarana::reference {

/// Where(x > threshold, x, softplus(x)) with a threshold of 20 or more is
/// softplus(x): in floats the branches agree there. Gives the second branch
/// where the operands of an onnx.Where are that, by value: nothing is known of
/// how it is spelled.
TensorsOf<Exact> withoutThreshold(const TensorsOf<Exact> &operands,
                                  double threshold);

/// x of max(x, 0) + log1p(exp(-|x|)), the softplus that does not overflow, in a
/// region of scalar ops; null for another op.
mlir::Value operandOfSoftplus(mlir::Operation &);

} // namespace jarana::reference
