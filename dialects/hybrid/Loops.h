// The loops of a compute op, and how they cut its operands.
#pragma once

#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

namespace mlir::hybrid {

class ComputeOpInterface;

/// An operand's name in messages, and a letter per dimension.
struct NamedDims {
  const char *name;
  std::string dims;
};

/// How a dimension of an operand is cut: by `loop`, `scale` elements per
/// iteration, or not at all (loop < 0).
struct DimCut {
  int loop = -1;
  int64_t scale = 1;
};

/// One loop; it runs over dimension `dim` of operand `operand`.
struct Loop {
  char name;
  utils::IteratorType iterator;
  unsigned operand;
  unsigned dim;
};

struct LoopNest {
  SmallVector<Loop> loops;
  /// One entry per dimension of each operand.
  SmallVector<SmallVector<DimCut>> operands;

  /// From the dimension and loop names of `op`. A dimension that is 1 where the
  /// loop's range is not is broadcast, so it is not cut.
  static LoopNest get(ComputeOpInterface op);
};

/// A copy of `op` on other operands, one per operand of `op`; on tensors the
/// results get the types of the new inits.
Operation *cloneOnOperands(OpBuilder &builder, Operation *op,
                           ValueRange operands);

} // namespace mlir::hybrid
