// Verifiers of the ops that carry a state along the sequence.
#include "dialects/hybrid/verify/Common.h"

using namespace mlir;
using namespace mlir::hybrid;
using namespace mlir::hybrid::detail;

template <class Op> static LogicalResult verifyScan(Op op) {
  // ssd_scan_c1, ssd_scan_c2, state_update_c1, state_update_c2
  if (failed(verifyShapes(op)))
    return failure();
  // ssd_scan_c3, state_update_c3
  if (failed(verifySameFloat(op, {{"x", op.getX()},
                                  {"b", op.getB()},
                                  {"c", op.getC()},
                                  {"y", op.getY()}})))
    return failure();
  // ssd_scan_c4, state_update_c4
  return verifySameOrF32(
      op, {"x", op.getX()},
      {{"dt", op.getDt()}, {"a", op.getA()}, {"state", op.getState()}});
}

LogicalResult SsdScanOp::verify() {
  if (failed(verifyScan(*this)))
    return failure();
  if (getChunk() && *getChunk() <= 0) // ssd_scan_c5
    return emitOpError("chunk must be positive, got ") << *getChunk();
  return success();
}

LogicalResult StateUpdateOp::verify() { return verifyScan(*this); }

LogicalResult CausalConv1dOp::verify() {
  // causal_conv1d_c1, causal_conv1d_c2
  if (failed(verifyShapes(*this)))
    return failure();
  int64_t width = shapedType(getWeight()).getDimSize(1);
  if (width == 0) // causal_conv1d_c3
    return emitOpError("weight dimension 1 (k) must be positive, got 0");
  if (!ShapedType::isDynamic(width) &&
      failed(verifyDim(*this, {"state", getState()}, 1, width - 1,
                       "k - 1"))) // causal_conv1d_c3
    return failure();
  // causal_conv1d_c4
  if (failed(verifySameFloat(*this, {{"input", getInput()},
                                     {"weight", getWeight()},
                                     {"bias", getBias()},
                                     {"y", getY()}})))
    return failure();
  return verifySameOrF32(*this, {"input", getInput()}, {{"state", getState()}});
}
