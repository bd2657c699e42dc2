// Verifiers of attention and of what surrounds it.
#include "dialects/hybrid/verify/Common.h"

using namespace mlir;
using namespace mlir::hybrid;
using namespace mlir::hybrid::detail;

/// What both attention ops check, but for their inits' element types.
template <class Op> static LogicalResult verifyAttention(Op op) {
  // attention_c1, attention_c2, online_attention_c1, online_attention_c2
  if (failed(verifyShapes(op)))
    return failure();
  // attention_c3, online_attention_c3
  if (failed(verifySameFloat(op, {{"query", op.getQuery()},
                                  {"key", op.getKey()},
                                  {"value", op.getValue()}})))
    return failure();
  // attention_c4, online_attention_c4
  if (failed(verifySameOrF32(op, {"query", op.getQuery()},
                             {{"bias", op.getBias()}})))
    return failure();
  // attention_c5, online_attention_c5
  if (failed(verifyElementType(op, {"query_offset", op.getQueryOffset()},
                               IntegerType::get(op.getContext(), 64))))
    return failure();
  // attention_c6, online_attention_c6
  if (op.getSoftcap().isNegative() && !op.getSoftcap().isZero())
    return op.emitOpError("softcap must not be negative, got ")
           << op.getSoftcap().convertToFloat();
  // attention_c7, online_attention_c8
  auto window = static_cast<int64_t>(op.getWindow());
  if (window < 0)
    return op.emitOpError("window must not be negative, got ") << window;
  if (window > 0 && op.getMask() != AttentionMask::Causal)
    return op.emitOpError("window must be 0 without a causal mask, got ")
           << window;
  return success();
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyAttention(*this)))
    return failure();
  // attention_c8
  if (failed(
          verifySameOrF32(*this, {"query", getQuery()}, {{"sink", getSink()}})))
    return failure();
  // attention_c3
  return verifySameFloat(*this, {{"query", getQuery()}, {"y", getY()}});
}

LogicalResult OnlineAttentionOp::verify() {
  if (failed(verifyAttention(*this)))
    return failure();
  // online_attention_c7
  for (Named init :
       {Named{"acc", getAcc()}, Named{"max", getMax()}, Named{"sum", getSum()}})
    if (failed(verifyElementType(*this, init, Float32Type::get(getContext()))))
      return failure();
  return success();
}

LogicalResult KvCacheUpdateOp::verify() {
  // kv_cache_update_c1, kv_cache_update_c2
  if (failed(verifyShapes(*this)))
    return failure();
  // kv_cache_update_c3
  if (failed(verifySameFloat(
          *this, {{"new_values", getNewValues()}, {"cache", getCache()}})))
    return failure();
  // kv_cache_update_c4
  if (failed(verifyElementType(*this, {"position", getPosition()},
                               IntegerType::get(getContext(), 64))))
    return failure();
  int64_t length = shapedType(getNewValues()).getDimSize(2);
  int64_t capacity = shapedType(getCache()).getDimSize(2);
  if (!ShapedType::isDynamic(length) && !ShapedType::isDynamic(capacity) &&
      length > capacity) // kv_cache_update_c5
    return emitOpError("new_values dimension 2 (l): expected at most ")
           << capacity << " as dimension 2 of cache, got " << length;
  return success();
}

LogicalResult RotaryEmbeddingOp::verify() {
  // rotary_embedding_c1, rotary_embedding_c2
  if (failed(verifyShapes(*this)))
    return failure();
  int64_t rotary = getRotaryDim(), size = shapedType(getInput()).getDimSize(3);
  if (rotary <= 0 || rotary % 2 != 0 ||
      (!ShapedType::isDynamic(size) && rotary > size)) { // rotary_embedding_c3
    InFlightDiagnostic diagnostic =
        emitOpError("rotary_dim must be even, positive and at most d");
    if (!ShapedType::isDynamic(size))
      diagnostic << " = " << size;
    return diagnostic << ", got " << rotary;
  }
  // rotary_embedding_c4
  for (Named table : {Named{"cos", getCos()}, Named{"sin", getSin()}})
    if (failed(verifyDim(*this, table, 2, rotary / 2, "rotary_dim / 2")))
      return failure();
  // rotary_embedding_c5
  if (failed(verifySameFloat(*this, {{"input", getInput()}, {"y", getY()}})))
    return failure();
  // rotary_embedding_c6
  return verifySameOrF32(*this, {"input", getInput()},
                         {{"cos", getCos()}, {"sin", getSin()}});
}
