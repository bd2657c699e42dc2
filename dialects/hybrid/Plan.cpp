// Verifier of groups.
#include "dialects/hybrid/Hybrid.h"

using namespace mlir;
using namespace mlir::hybrid;

LogicalResult GroupOp::verify() {
  Operation *yield = getBody().front().getTerminator();
  if (yield->getOperandTypes() != getResultTypes()) // group_c1
    return emitOpError("the yielded values must have the types of the results: "
                       "expected (")
           << getResultTypes() << "), got (" << yield->getOperandTypes() << ")";
  return success();
}
