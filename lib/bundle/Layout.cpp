// Where each weight goes, and how much work a position is.
#include "lib/bundle/Bundle.h"
#include "lib/bundle/WeightStream.h"
#include "lib/safetensors/Safetensors.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace jarana::bundle {
namespace {

constexpr uint64_t alignment = 64;

/// The safetensors name of a type as it is stored; empty for a type that cannot
/// be.
std::string dtypeName(Type type) {
  if (type.isF32() || type.isF64() || type.isF16())
    return "F" + std::to_string(type.getIntOrFloatBitWidth());
  if (type.isBF16())
    return "BF16";
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || !storedBytes(type))
    return "";
  if (integer.getWidth() == 1)
    return "BOOL";
  return (integer.isUnsigned() ? "U" : "I") +
         std::to_string(8 * storedBytes(type));
}

llvm::SetVector<StringAttr> usedWeights(ModuleOp module) {
  llvm::SetVector<StringAttr> names;
  module.walk([&](hybrid::LoadWeightOp load) {
    names.insert(load.getWeightAttr().getAttr());
  });
  return names;
}

/// Whether a value is made of weights and constants alone (transposed,
/// dequantised, ...).
bool isWeight(Value value, int depth = 16) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0)
    return false;
  if (isa<hybrid::LoadWeightOp>(op))
    return true;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op)) {
    return !linalgOp.getDpsInputs().empty() &&
           llvm::all_of(linalgOp.getDpsInputs(), [&](Value input) {
             return !isa<ShapedType>(input.getType()) ||
                    isWeight(input, depth - 1);
           });
  }
  if (isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp,
          tensor::ExtractSliceOp>(op))
    return isWeight(op->getOperand(0), depth - 1);
  return false;
}

int64_t elements(Value value) {
  auto type = cast<ShapedType>(value.getType());
  return type.hasStaticShape() ? type.getNumElements() : 0;
}

/// How many matrices are chosen for a token: the last dimension of the indices
/// before they were made one row, [..., tokens, chosen].
int64_t chosenPerToken(Value indices) {
  auto collapse = indices.getDefiningOp<tensor::CollapseShapeOp>();
  if (!collapse || collapse.getSrcType().getShape().empty())
    return 1;
  int64_t last = collapse.getSrcType().getShape().back();
  return ShapedType::isDynamic(last) ? 1 : last;
}

/// Elements of the matrices that are chosen for a token.
int64_t chosenElements(hybrid::IndexedMatmulOp op) {
  auto type = cast<ShapedType>(op.getWeights().getType());
  return elements(op.getWeights()) / std::max<int64_t>(type.getDimSize(0), 1) *
         chosenPerToken(op.getIndices());
}

} // namespace

FailureOr<std::vector<WeightPlacement>> layoutWeights(ModuleOp module) {
  llvm::SetVector<StringAttr> used = usedWeights(module);
  std::vector<WeightPlacement> result;
  uint64_t offset = 0;
  for (auto weight : module.getOps<hybrid::WeightOp>()) {
    if (!used.contains(weight.getSymNameAttr()))
      continue;
    RankedTensorType type = weight.getTensorType();
    WeightPlacement placement{weight.getSymName().str(), offset, 0,
                              dtypeName(type.getElementType()),
                              type.getShape().vec()};
    if (placement.dtype.empty())
      return emitError(weight.getLoc())
             << "weight '" << weight.getSymName() << "' has element type "
             << type.getElementType() << ", which a bundle cannot hold";
    try {
      placement.bytes =
          safetensors::byteCount(placement.dtype, placement.shape);
    } catch (const Error &e) {
      return emitError(weight.getLoc())
             << "weight '" << weight.getSymName() << "': " << e.what();
    }
    uint64_t end;
    if (__builtin_add_overflow(offset, placement.bytes, &end) ||
        __builtin_add_overflow(end, alignment - 1, &end))
      return emitError(weight.getLoc()) << "the weights are too large together";
    offset = end / alignment * alignment;
    result.push_back(std::move(placement));
  }
  return result;
}

void estimateWork(ModuleOp module, Manifest &manifest) {
  manifest.flopsPerToken = manifest.weightBytesPerToken = 0;
  // Other entries, where there are any, do the work of main in another way.
  Operation *main = module.lookupSymbol("main");
  Operation *scope = main ? main : module.getOperation();
  scope->walk([&](Operation *op) {
    if (auto packed = dyn_cast<hybrid::PackedMatmulOp>(op)) {
      // The panels' padding is no work: columns of the result, where they are
      // known.
      auto panels = cast<ShapedType>(packed.getPanels().getType());
      int64_t columns =
          cast<ShapedType>(
              packed->getOperand(op->getNumOperands() - 1).getType())
              .getShape()
              .back();
      if (ShapedType::isDynamic(columns))
        columns = panels.getDimSize(0) * panels.getDimSize(2);
      manifest.flopsPerToken += 2 * panels.getDimSize(1) * columns;
    } else if (auto quantized = dyn_cast<hybrid::QuantizedMatmulOp>(op)) {
      manifest.flopsPerToken += 2 * elements(quantized.getCodes()) * 8 /
                                static_cast<int64_t>(quantized.getBits());
    } else if (auto indexed = dyn_cast<hybrid::IndexedMatmulOp>(op)) {
      manifest.flopsPerToken += 2 * chosenElements(indexed);
      auto weights = cast<ShapedType>(indexed.getWeights().getType());
      if (isWeight(indexed.getWeights()))
        manifest.weightBytesPerToken +=
            chosenElements(indexed) * storedBytes(weights.getElementType());
    } else if (auto product = dyn_cast<linalg::LinalgOp>(op);
               product && linalg::isaContractionOpInterface(product)) {
      for (Value input : product.getDpsInputs())
        if (isWeight(input))
          manifest.flopsPerToken += 2 * elements(input);
    }
  });
  // A weight that is only looked into (an embedding), or of which matrices are
  // chosen, is not read as a whole.
  SymbolTable symbols(module);
  llvm::DenseSet<StringAttr> counted;
  scope->walk([&](hybrid::LoadWeightOp load) {
    bool whole = llvm::any_of(load->getUsers(), [](Operation *user) {
      return !isa<tensor::ExtractOp, hybrid::IndexedMatmulOp>(user);
    });
    auto weight = symbols.lookup<hybrid::WeightOp>(load.getWeight());
    if (whole && weight && counted.insert(weight.getSymNameAttr()).second)
      manifest.weightBytesPerToken +=
          weight.getTensorType().getNumElements() *
          storedBytes(weight.getTensorType().getElementType());
  });
}

} // namespace jarana::bundle
