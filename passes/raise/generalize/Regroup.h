// What a Reshape that was traced at fixed sizes means for other sizes.
#pragma once

#include "lib/symbolic/Expr.h"

#include <optional>

namespace jarana::raise {

/// A Reshape took `input` to `output`; its input now has the shape `now` (each
/// dimension equal to the traced one, or a symbol that was traced at it). The
/// shape that it must give: the dimensions that changed go where the traced
/// ones went, found by matching products from the left (1x21x64 to 1x21x8x16
/// splits the last dimension only). Empty where that is not determined.
std::optional<symbolic::Shape> regroup(symbolic::Context &context,
                                       const symbolic::Shape &input,
                                       const symbolic::Shape &now,
                                       const symbolic::Shape &output);

} // namespace jarana::raise
