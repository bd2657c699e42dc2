// Verifiers of norms and of matrix products.
#include "dialects/hybrid/verify/Common.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::hybrid;
using namespace mlir::hybrid::detail;

/// More leading dimensions than this have no letters.
static bool isRankTaken(Value value) {
  int64_t rank = shapedType(value).getRank();
  return rank >= 1 && rank <= 10;
}

LogicalResult RmsNormOp::verify() {
  if (!isRankTaken(getInput())) // rms_norm_c1
    return emitOpError("input must have rank 1 to 10, got ")
           << getInput().getType();
  // rms_norm_c1, rms_norm_c2
  if (failed(verifyShapes(*this)))
    return failure();
  int64_t groups = getGroups(), size = shapedType(getInput()).getShape().back();
  if (groups <= 0 ||
      (!ShapedType::isDynamic(size) && size % groups != 0)) { // rms_norm_c3
    InFlightDiagnostic diagnostic =
        emitOpError("groups must be positive and divide n");
    if (!ShapedType::isDynamic(size))
      diagnostic << " = " << size;
    return diagnostic << ", got " << groups;
  }
  // rms_norm_c4
  if (failed(verifySameFloat(*this, {{"input", getInput()}, {"y", getY()}})))
    return failure();
  // rms_norm_c5
  if (failed(verifySameOrF32(*this, {"input", getInput()},
                             {{"weight", getWeight()}, {"gate", getGate()}})))
    return failure();
  if (getEpsilon().isNegative()) // rms_norm_c6
    return emitOpError("epsilon must not be negative, got ")
           << getEpsilon().convertToFloat();
  return success();
}

/// ceil(a / b), dynamic where `a` is.
static int64_t ceilDim(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) ? a : llvm::divideCeilSigned(a, b);
}

LogicalResult QuantizedMatmulOp::verify() {
  if (!isRankTaken(getLhs())) // quantized_matmul_c1
    return emitOpError("lhs must have rank 1 to 10, got ")
           << getLhs().getType();
  // quantized_matmul_c1, quantized_matmul_c2
  if (failed(verifyShapes(*this)))
    return failure();
  int64_t bits = getBits(), block = getBlock();
  // quantized_matmul_c3
  if (bits != 4 && bits != 8)
    return emitOpError("bits must be 4 or 8, got ") << bits;
  if (block <= 0 || block > (int64_t(1) << 32) || block * bits % 8 != 0)
    return emitOpError("block must be positive and fill whole bytes, got ")
           << block;
  // quantized_matmul_c4
  int64_t blocks = shapedType(getCodes()).getDimSize(1);
  int64_t expected = ceilDim(shapedType(getLhs()).getShape().back(), block);
  if (failed(verifyDim(*this, {"codes", getCodes()}, 1, expected,
                       "ceil(k / block)")) ||
      failed(verifyDim(*this, {"codes", getCodes()}, 2, block * bits / 8,
                       "block * bits / 8")))
    return failure();
  int64_t packed = bits == 8 ? blocks : ceilDim(blocks, 2);
  if (failed(verifyDim(*this, {"zero_points", getZeroPoints()}, 1, packed,
                       "ceil(q * bits / 8)")))
    return failure();
  // quantized_matmul_c5
  if (failed(verifySameFloat(*this, {{"lhs", getLhs()}, {"y", getY()}})))
    return failure();
  // quantized_matmul_c6
  if (failed(
          verifySameOrF32(*this, {"lhs", getLhs()}, {{"scales", getScales()}})))
    return failure();
  // quantized_matmul_c7
  Type i8 = IntegerType::get(getContext(), 8);
  if (failed(verifyElementType(*this, {"codes", getCodes()}, i8)))
    return failure();
  return verifyElementType(*this, {"zero_points", getZeroPoints()}, i8);
}

static bool isStoredFloat(Type type) {
  return type.isF32() || type.isF16() || type.isBF16();
}

LogicalResult PackedMatmulOp::verify() {
  // packed_matmul_c1, packed_matmul_c2
  if (failed(verifyShapes(*this)))
    return failure();
  int64_t width = shapedType(getPanels()).getDimSize(2);
  if (ShapedType::isDynamic(width) || width == 0) // packed_matmul_c3
    return emitOpError(
               "panels dimension 2 (nr) must be known and positive, got ")
           << getPanels().getType();
  int64_t expected = ceilDim(shapedType(getY()).getDimSize(1), width);
  if (failed(verifyDim(*this, {"panels", getPanels()}, 0, expected,
                       "ceil(n / nr)"))) // packed_matmul_c3
    return failure();
  // packed_matmul_c4
  if (failed(verifySameFloat(*this, {{"lhs", getLhs()}, {"y", getY()}})))
    return failure();
  Type panel = cast<ShapedType>(getPanels().getType()).getElementType();
  if (isStoredFloat(panel) || panel.isSignlessInteger(8))
    return success();
  return emitOpError("panels must have elements of f32, f16, bf16 or i8, got ")
         << panel;
}

LogicalResult IndexedMatmulOp::verify() {
  // indexed_matmul_c1, indexed_matmul_c2
  if (failed(verifyShapes(*this)))
    return failure();
  auto weights = shapedType(getWeights());
  int64_t matrices = weights.getDimSize(0);
  if (ShapedType::isDynamic(matrices) || matrices == 0) // indexed_matmul_c3
    return emitOpError(
               "weights dimension 0 (e) must be known and positive, got ")
           << weights;
  // indexed_matmul_c4
  if (failed(verifySameFloat(*this, {{"lhs", getLhs()}, {"y", getY()}})))
    return failure();
  if (!isStoredFloat(weights.getElementType()))
    return emitOpError("weights must have elements of f32, f16 or bf16, got ")
           << weights.getElementType();
  // indexed_matmul_c5
  return verifyElementType(*this, {"indices", getIndices()},
                           IntegerType::get(getContext(), 64));
}
