// Decompositions of the compute ops to linalg.
#include "dialects/hybrid/Hybrid.h"

using namespace mlir;
using namespace mlir::hybrid;

#define NOT_YET(Op)                                                            \
  FailureOr<SmallVector<Value>> Op::decomposeOperation(OpBuilder &) {          \
    return failure();                                                          \
  }
NOT_YET(SsdScanOp)
NOT_YET(StateUpdateOp)
NOT_YET(CausalConv1dOp)
NOT_YET(AttentionOp)
NOT_YET(OnlineAttentionOp)
NOT_YET(KvCacheUpdateOp)
NOT_YET(RotaryEmbeddingOp)
NOT_YET(RmsNormOp)
NOT_YET(QuantizedMatmulOp)
NOT_YET(PackedMatmulOp)
FailureOr<SmallVector<Value>> hybrid::decomposeRecurrent(OpBuilder &,
                                                         SsdScanOp) {
  return failure();
}
FailureOr<SmallVector<Value>> hybrid::decomposeChunked(OpBuilder &, SsdScanOp,
                                                       int64_t) {
  return failure();
}
