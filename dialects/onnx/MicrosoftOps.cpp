// The numbered constraints of the com.microsoft operators (MicrosoftOps.td).
#include "dialects/onnx/OnnxDialect.h"

using namespace mlir;
using namespace mlir::onnx;

static int64_t rankOf(Value value) {
  return isAbsent(value) ? -1
                         : cast<RankedTensorType>(value.getType()).getRank();
}

/// The last dimension, or kDynamic.
static int64_t lastDim(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().back();
}

/// False where the number of elements is known to be another.
static bool mayHoldElements(Value value, int64_t count) {
  auto type = cast<RankedTensorType>(value.getType());
  return !type.hasStaticShape() || type.getNumElements() == count;
}

LogicalResult GroupQueryAttentionOp::verify() {
  int64_t heads = getNumHeads(), kvHeads = getKvNumHeads();
  if (heads <= 0 || kvHeads <= 0 || heads % kvHeads != 0) // C1
    return emitOpError()
           << "has num_heads = " << heads << " and kv_num_heads = " << kvHeads
           << "; both must be positive, and the first a multiple of the second";
  if (isAbsent(getKey()) != isAbsent(getValue()) ||
      isAbsent(getPastKey()) != isAbsent(getPastValue())) // C2
    return emitOpError("needs key and value both or neither, and past_key and "
                       "past_value both or neither");
  bool packed = isAbsent(getKey());
  if (rankOf(getQuery()) != 3 ||
      (!packed && (rankOf(getKey()) != 3 || rankOf(getValue()) != 3))) // C3
    return emitOpError("needs query, key and value of rank 3");
  if (!isAbsent(getPastKey()) &&
      (rankOf(getPastKey()) != 4 || rankOf(getPastValue()) != 4)) // C3
    return emitOpError("needs past_key and past_value of rank 4");
  if (rankOf(getSeqlensK()) != 1 && rankOf(getSeqlensK()) != 2) // C3
    return emitOpError("needs seqlens_k of rank 1, or [batch, 1]");
  if (getDoRotary() &&
      (isAbsent(getCosCache()) || isAbsent(getSinCache()))) // C4
    return emitOpError("with do_rotary needs cos_cache and sin_cache");
  int64_t width = lastDim(getQuery()),
          held = packed ? heads + 2 * kvHeads : heads;
  if (!ShapedType::isDynamic(width) && width % held != 0) // C5
    return emitOpError() << "has a query " << width
                         << " wide, which is not a multiple of the " << held
                         << " heads in it";
  auto window = static_cast<int64_t>(getLocalWindowSize());
  if (window != -1 && window <= 0) // C6
    return emitOpError() << "has local_window_size = " << window
                         << ", which must be -1 or positive";
  if (Value sink = getHeadSink();
      !isAbsent(sink) &&
      (rankOf(sink) != 1 || !mayHoldElements(sink, heads))) // C7
    return emitOpError() << "has head_sink " << sink.getType() << "; " << heads
                         << " elements, one per head, are needed";
  if (getSharedBuffer() != 0 &&
      (getSharedBuffer() != 1 || isAbsent(getPastKey()))) // C8
    return emitOpError("has shared_buffer = ")
           << getSharedBuffer() << ", which must be 0, or 1 with a past";
  return success();
}

LogicalResult AttentionWithSinkOp::verify() {
  if (rankOf(getSink()) != 1) // C1
    return emitOpError() << "has sink " << getSink().getType()
                         << ", which must have rank 1";
  return success();
}

LogicalResult MatMulNBitsOp::verify() {
  int64_t depth = getK(), columns = getN(), bits = getBits(),
          block = getBlockSize();
  constexpr int64_t limit = int64_t(1)
                            << 40; // keeps the products below within 64 bits
  if (depth <= 0 || columns <= 0 || depth > limit ||
      columns > (limit >> 20) * 64 || // C1
      (bits != 2 && bits != 4 && bits != 8) || block < 16 || block > limit ||
      (block & (block - 1)) != 0)
    return emitOpError() << "has K = " << depth << ", N = " << columns
                         << ", bits = " << bits << ", block_size = " << block
                         << "; K and N must be positive, bits 2, 4 or 8, "
                            "block_size a power of two from 16";
  int64_t blocks = (depth + block - 1) / block, bytes = block * bits / 8;
  auto codes = cast<RankedTensorType>(getB().getType());
  if (codes.hasStaticShape() && // C2
      codes.getShape() != ArrayRef<int64_t>({columns, blocks, bytes}))
    return emitOpError() << "has B " << codes
                         << "; K, N, bits and block_size make it [" << columns
                         << ", " << blocks << ", " << bytes << "]";
  if (!mayHoldElements(getScales(), columns * blocks)) // C3
    return emitOpError() << "has scales " << getScales().getType() << "; "
                         << columns * blocks << " elements are needed";
  if (!isAbsent(getZeroPoints())) { // C4
    auto type = cast<RankedTensorType>(getZeroPoints().getType());
    int64_t needed = type.getElementType().isInteger(8)
                         ? columns * ((blocks * bits + 7) / 8)
                         : columns * blocks;
    if (!mayHoldElements(getZeroPoints(), needed))
      return emitOpError() << "has zero_points " << type << "; " << needed
                           << " elements are needed";
  }
  if (rankOf(getA()) < 1 || (!ShapedType::isDynamic(lastDim(getA())) &&
                             lastDim(getA()) != depth)) // C5
    return emitOpError() << "has A " << getA().getType()
                         << ", whose last dimension must be K = " << depth;
  if (!isAbsent(getBias()) && !mayHoldElements(getBias(), columns)) // C6
    return emitOpError() << "has bias " << getBias().getType() << "; "
                         << columns << " elements are needed";
  return success();
}

LogicalResult SkipSimplifiedLayerNormalizationOp::verify() {
  int64_t rank = rankOf(getInput()), skipRank = rankOf(getSkip());
  if ((rank != 2 && rank != 3) || (skipRank != rank && skipRank != 2)) // C1
    return emitOpError()
           << "has an input of rank " << rank << " and a skip of rank "
           << skipRank
           << "; the input must have rank 2 or 3, the skip the same rank or 2";
  for (Value weight :
       std::initializer_list<Value>{getGamma(), getBias()}) { // C2
    if (isAbsent(weight))
      continue;
    if (rankOf(weight) != 1 || (!ShapedType::isDynamic(lastDim(weight)) &&
                                !ShapedType::isDynamic(lastDim(getInput())) &&
                                lastDim(weight) != lastDim(getInput())))
      return emitOpError() << "has a gamma or bias " << weight.getType()
                           << "; the input is " << lastDim(getInput())
                           << " wide";
  }
  return success();
}
