// What the verifiers of the compute ops share.
#pragma once

#include "dialects/hybrid/Hybrid.h"

namespace mlir::hybrid::detail {

/// Checks the dimension names of `op` (constraints c1, ranks, and c2, equal
/// dimensions, of each op), and that operands are all tensors with one result
/// per init, or all memrefs without results.
LogicalResult verifyShapes(ComputeOpInterface op);

/// A value with the name that messages use. A null value is skipped.
struct Named {
  const char *name;
  Value value;
};

/// All `values` have the element type of the first one, which is f32, f16 or
/// bf16.
LogicalResult verifySameFloat(Operation *op, ArrayRef<Named> values);
/// Each of `values` has the element type of `reference` or f32.
LogicalResult verifySameOrF32(Operation *op, Named reference,
                              ArrayRef<Named> values);
/// `value` has the element type `type`.
LogicalResult verifyElementType(Operation *op, Named value, Type type);
/// Dimension `dim` of `value` is `expected` where both are known; `rule` says
/// why.
LogicalResult verifyDim(Operation *op, Named value, unsigned dim,
                        int64_t expected, const Twine &rule);

inline ShapedType shapedType(Value value) {
  return cast<ShapedType>(value.getType());
}

} // namespace mlir::hybrid::detail
