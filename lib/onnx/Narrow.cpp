// Tensors of fewer than 8 bits per element, and of floats of 8 bits: their
// values are of wider types here; and products with what is dequantised by
// blocks, which are one operator.
#include "lib/onnx/Importer.h"

#include "dialects/hybrid/Repack.h"

namespace jarana::onnx {

using namespace mlir;
using hybrid::Repacking;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

//===- DequantizeLinear and QuantizeLinear
//-----------------------------------===//

static bool isZero(Value value) {
  auto constant = value.getDefiningOp<mlir::onnx::ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue())
                        : DenseElementsAttr();
  return dense && isa<FloatType>(dense.getElementType()) &&
         llvm::all_of(dense.getValues<APFloat>(),
                      [](const APFloat &number) { return number.isZero(); });
}

/// DequantizeLinear of floats: a product with the scale.
bool GraphImporter::importScaledFloats(const CheckedNode &node) {
  Value x = node.operands[0], scale = node.operands[1];
  RankedTensorType type = typeOf(x);
  if (!isa<FloatType>(type.getElementType()))
    return false;
  if (node.operand(2) && !isZero(node.operand(2)))
    node.fail("a zero point of floats must be constant zeros");
  NamedAttrList attributes = convertAttributes(node);
  Type own = typeOf(scale).getElementType(), result = own;
  if (auto named =
          dyn_cast_if_present<TypeAttr>(attributes.get("output_dtype")))
    result = named.getValue();
  Type element = own == result ? own : Type(builder.getF32Type());
  int64_t rank = type.getRank(), axis = node.intAttribute("axis", 1),
          block = node.intAttribute("block_size", 0);
  int64_t scaleRank = typeOf(scale).getRank();
  bool perTensor =
      scaleRank == 0 ||
      (scaleRank == 1 && typeOf(scale).getShape()[0] == 1 && block == 0);
  if (!perTensor && (axis < -rank || axis >= rank))
    node.fail("axis " + std::to_string(axis) +
              " is outside of the input's rank, " + std::to_string(rank));
  axis += axis < 0 ? rank : 0;
  if (perTensor) {
    scale = singleNumber(node, scale);
  } else if (block == 0) {
    if (scaleRank != 1)
      node.fail("a scale of rank " + std::to_string(scaleRank) +
                " needs block_size");
    SmallVector<int64_t> axes;
    for (int64_t i = 1; i < rank - axis; ++i)
      axes.push_back(i);
    if (!axes.empty())
      scale =
          emitOne(node, "Unsqueeze", {scale, intConstant(axes, node.location)});
  } else {
    int64_t size = type.getShape()[axis];
    if (block < 0 || scaleRank != rank)
      node.fail("block_size must be positive, and the scale have the rank of "
                "the input");
    if (ShapedType::isDynamic(size) || size > (int64_t(1) << 22))
      node.fail(
          "dimension " + std::to_string(axis) +
          ", which is cut into blocks, must be fixed, and at most 4194304");
    SmallVector<int64_t> blocks;
    for (int64_t i = 0; i < size; ++i)
      blocks.push_back(i / block);
    scale = emitOne(node, "Gather", {scale, intConstant(blocks, node.location)},
                    intAttributes({{"axis", axis}}));
  }
  Value y = emitOne(node, "Mul",
                    {castTo(node, x, element), castTo(node, scale, element)});
  bind(node.scope, node.proto.output(0), castTo(node, y, result), node.title);
  return true;
}

/// QuantizeLinear to integers of 2 or 4 bits: saturated to 8 bits, and then
/// further.
void GraphImporter::importQuantizeNarrow(const CheckedNode &node, Type narrow) {
  auto integer = dyn_cast<IntegerType>(narrow);
  if (!integer)
    node.fail("quantising to floats of 8 bits and fewer is not supported; "
              "integers of 2 to 16 bits are");
  NamedAttrList attributes;
  for (const NodeAttribute &attribute : node.attributes)
    if (attribute.name != "output_dtype")
      if (Attribute value = convertAttribute(node, attribute))
        attributes.set(attribute.name, value);
  Type wide = hybrid::widenedType(narrow);
  if (!node.operand(2))
    attributes.set("output_dtype", TypeAttr::get(wide));
  Value codes = emitOne(node, "QuantizeLinear", node.operands, attributes);
  int64_t levels = int64_t(1) << integer.getWidth(),
          least = integer.isUnsigned() ? 0 : -levels / 2;
  Value y = emitOne(
      node, "Clip",
      {codes, numberConstant(static_cast<double>(least), wide, node.location),
       numberConstant(static_cast<double>(least + levels - 1), wide,
                      node.location)});
  storedTypes[y] = narrow;
  bind(node.scope, node.proto.output(0), y, node.title);
}

//===- products
//--------------------------------------------------------------===//

/// A weight or constant in another form, made when the bundle is written; null
/// where it is computed.
Value GraphImporter::repackedValue(Value source, Repacking packing,
                                   int64_t block, int64_t bits) {
  auto key = std::pair(source, static_cast<unsigned>(packing));
  if (Value made = repacked.lookup(key))
    return made;
  RankedTensorType stored = typeOf(source);
  Attribute contents;
  std::string name = "repacked";
  if (auto load = source.getDefiningOp<hybrid::LoadWeightOp>()) {
    auto weight = module.lookupSymbol<hybrid::WeightOp>(load.getWeight());
    name = load.getWeight().str() + ".repacked";
    contents = weight.getValue();
  } else if (auto op = source.getDefiningOp<mlir::onnx::ConstantOp>()) {
    contents = op.getValue();
  }
  auto range = dyn_cast_if_present<hybrid::FileRangeAttr>(contents);
  if (auto wide = dyn_cast_if_present<hybrid::RepackedAttr>(contents)) {
    if (wide.getPacking() != Repacking::Widened)
      return {};
    range = wide.getRange();
    stored = wide.getStored();
  }
  RankedTensorType result = hybrid::repackedType(stored, packing, block, bits);
  if (!result)
    return {};
  Value value;
  if (range) {
    value = weightValue(name, result,
                        hybrid::RepackedAttr::get(&session.context, range,
                                                  stored, packing, block),
                        source.getLoc());
  } else if (auto dense = dyn_cast_if_present<DenseElementsAttr>(contents)) {
    ArrayRef<char> raw = dense.getRawData();
    std::vector<char> bytes;
    for (int64_t i = 0, n = dense.isSplat() ? dense.getNumElements() : 1; i < n;
         ++i)
      bytes.insert(bytes.end(), raw.begin(), raw.end());
    std::vector<char> made;
    hybrid::repack(stored, packing, block, result, bytes.data(),
                   [&](const char *piece, size_t count) {
                     made.insert(made.end(), piece, piece + count);
                   });
    value = constant(DenseElementsAttr::getFromRawBuffer(result, made),
                     source.getLoc());
  }
  if (value)
    repacked[key] = value;
  return value;
}

/// The right side of a product as it was quantised.
namespace {
struct BlockedMatrix {
  mlir::onnx::DequantizeLinearOp op;
  bool transposed = false; ///< [n, k]
  int64_t depth = 0, columns = 0, block = 0, bits = 0;
};
} // namespace

/// A matrix dequantised by blocks along k, such as MatMulNBits takes.
static std::optional<BlockedMatrix>
matchBlocked(Value matrix, bool transposed,
             const llvm::DenseMap<Value, Type> &storedTypes) {
  BlockedMatrix found;
  found.transposed = transposed;
  if (auto op = matrix.getDefiningOp<mlir::onnx::TransposeOp>()) {
    if (op.getPerm() != ArrayRef<int64_t>{1, 0})
      return std::nullopt;
    found.transposed = !transposed;
    matrix = op.getData();
  }
  found.op = matrix.getDefiningOp<mlir::onnx::DequantizeLinearOp>();
  if (!found.op)
    return std::nullopt;
  RankedTensorType type = typeOf(found.op.getX());
  found.block = static_cast<int64_t>(found.op.getBlockSize());
  int64_t axis = static_cast<int64_t>(found.op.getAxis());
  if (type.getRank() != 2 || !type.hasStaticShape() ||
      type.getNumElements() == 0 || found.block < 16 ||
      (found.block & (found.block - 1)) != 0 ||
      (axis < 0 ? axis + 2 : axis) != (found.transposed ? 1 : 0))
    return std::nullopt;
  found.depth = type.getDimSize(found.transposed ? 1 : 0);
  found.columns = type.getDimSize(found.transposed ? 0 : 1);
  Type stored = storedTypes.lookup(found.op.getX());
  found.bits =
      (stored ? stored : type.getElementType()).getIntOrFloatBitWidth();
  bool takes = isa<IntegerType>(type.getElementType()) &&
               (found.bits == 4 || found.bits == 8) &&
               found.block <= (int64_t(1) << 24);
  return takes ? std::optional(found) : std::nullopt;
}

/// A product with a weight that is dequantised by blocks is MatMulNBits: no
/// matrix of floats is made.
bool GraphImporter::importQuantizedProduct(const CheckedNode &node) {
  bool gemm = node.version.name == "Gemm";
  if (gemm && (node.intAttribute("transA", 0) != 0 ||
               node.floatAttribute("alpha", 1) != 1 ||
               (node.operand(2) && node.floatAttribute("beta", 1) != 1)))
    return false;
  Value lhs = node.operands[0];
  std::optional<BlockedMatrix> matrix = matchBlocked(
      node.operands[1], gemm && node.intAttribute("transB", 0), storedTypes);
  if (!matrix || typeOf(lhs).getRank() < 1)
    return false;
  Type element = typeOf(lhs).getElementType();
  Value scale = matrix->op.getXScale(), zero = matrix->op.getXZeroPoint();
  if (isa<NoneType>(zero.getType()))
    zero = {};
  if (!(element.isF32() || element.isF16() || element.isBF16()) ||
      typeOf(scale).getElementType() != element ||
      typeOf(matrix->op.getResult()).getElementType() != element)
    return false;
  int64_t blocks = llvm::divideCeilSigned(matrix->depth, matrix->block),
          bits = matrix->bits, zeroBytes = (blocks * bits + 7) / 8;
  Repacking packing =
      matrix->transposed ? Repacking::CodesTransposed : Repacking::Codes;
  Value codes = matrix->op.getX();
  bool isUnsigned = typeOf(codes).getElementType().isUnsignedInteger();
  Value points;
  if (zero) {
    points = repackedValue(zero, packing, zeroBytes * 8 / bits, bits);
    if (!points)
      return false;
  } else if (isUnsigned) {
    auto type = RankedTensorType::get({matrix->columns * zeroBytes},
                                      builder.getIntegerType(8, false));
    points =
        constant(DenseElementsAttr::get(
                     type, builder.getIntegerAttr(type.getElementType(), 0)),
                 node.location);
  }
  if (!matrix->transposed)
    scale = repackedValue(scale, Repacking::Transposed, 1, 0);
  codes = scale ? repackedValue(codes, packing, matrix->block, bits) : Value();
  if (!codes)
    return false;
  Value y = emit("MatMulNBits", {lhs, codes, scale, points, {}, {}},
                 intAttributes({{"K", matrix->depth},
                                {"N", matrix->columns},
                                {"bits", bits},
                                {"block_size", matrix->block}}),
                 1, node.location)
                ->getResult(0);
  if (gemm && node.operand(2))
    y = emitOne(node, "Add", {y, node.operand(2)});
  bypassed.push_back(matrix->op);
  bind(node.scope, node.proto.output(0), y, node.title);
  return true;
}

/// What only products read that have taken another form of it.
void GraphImporter::eraseBypassed() {
  for (Operation *op : bypassed) {
    SmallVector<Operation *> users(op->user_begin(), op->user_end());
    for (Operation *user : users) // a transposition that nothing reads either
      if (isa<mlir::onnx::TransposeOp>(user) && user->use_empty())
        user->erase();
  }
  llvm::SmallPtrSet<Operation *, 8> seen;
  for (Operation *op : bypassed)
    if (seen.insert(op).second && op->use_empty()) {
      SmallVector<Value> operands(op->getOperands());
      op->erase();
      for (Value operand : operands)
        if (auto load = operand.getDefiningOp<hybrid::LoadWeightOp>();
            load && load->use_empty() && load != lastEntryOp)
          load->erase();
    }
}

bool GraphImporter::importNarrow(const CheckedNode &node) {
  StringRef name = node.version.name;
  if (name == "DequantizeLinear")
    return importScaledFloats(node);
  if (name == "MatMul" || name == "Gemm")
    return node.version.domain.empty() && importQuantizedProduct(node);
  if (name != "QuantizeLinear")
    return false;
  Type narrow = node.operand(2) ? storedTypes.lookup(node.operand(2)) : Type();
  int64_t named = node.intAttribute("output_dtype", 0);
  if (!narrow && named == static_cast<int>(named) &&
      !elementType(&session.context, static_cast<int>(named)))
    narrow = narrowType(&session.context, static_cast<int>(named));
  if (!narrow)
    return false;
  importQuantizeNarrow(node, narrow);
  return true;
}

} // namespace jarana::onnx
