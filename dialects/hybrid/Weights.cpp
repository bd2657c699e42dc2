// Verifiers of weights and of checks.
#include "dialects/hybrid/Repack.h"

using namespace mlir;
using namespace mlir::hybrid;

void WeightOp::build(OpBuilder &builder, OperationState &state, StringRef name,
                     RankedTensorType type, Attribute value) {
  build(builder, state, builder.getStringAttr(name), TypeAttr::get(type),
        value);
}

LogicalResult WeightOp::verify() {
  RankedTensorType type = getTensorType();
  if (!type.hasStaticShape()) // weight_c1
    return emitOpError("the dimensions of a weight must be known, got ")
           << type;
  if (auto range = dyn_cast<FileRangeAttr>(getValue())) {
    if (!type.getElementType().isIntOrFloat())
      return emitOpError(
                 "a weight in a file must have integers or floats, got ")
             << type.getElementType();
    std::optional<int64_t> bytes = bytesInFile(type);
    if (!bytes || *bytes != range.getBytes()) { // weight_c2
      InFlightDiagnostic diagnostic =
          emitOpError("the file range must have the bytes of ") << type;
      if (bytes)
        diagnostic << ": expected " << *bytes;
      return diagnostic << ", got " << range.getBytes();
    }
    return success();
  }
  if (auto elements = dyn_cast<ElementsAttr>(getValue())) {
    if (elements.getShapedType() != type) // weight_c3
      return emitOpError("the value must have the weight's type: expected ")
             << type << ", got " << elements.getShapedType();
    return success();
  }
  if (auto repacked = dyn_cast<RepackedAttr>(getValue())) {
    int64_t bits = type.getRank() == 3 && type.getDimSize(2) <= INT32_MAX
                       ? type.getDimSize(2) * 8 / repacked.getBlock()
                       : 0;
    RankedTensorType expected = repackedType(
        repacked.getStored(), repacked.getPacking(), repacked.getBlock(), bits);
    auto unsign = [](RankedTensorType type) {
      auto integer = dyn_cast<IntegerType>(type.getElementType());
      return integer ? type.clone(IntegerType::get(type.getContext(),
                                                   integer.getWidth()))
                     : type;
    };
    if (!expected || unsign(expected) != unsign(type)) // weight_c6
      return emitOpError("the weight's type must be what the packing makes of ")
             << repacked.getStored() << ", got " << type;
    return success();
  }
  if (!isa<DerivedAttr>(getValue())) // weight_c4
    return emitOpError("the value must be a file range, a repacked one, "
                       "elements or a derived weight, got ")
           << getValue();
  return success();
}

LogicalResult WeightOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto derived = dyn_cast<DerivedAttr>(getValue());
  if (!derived)
    return success();
  auto source =
      tables.lookupNearestSymbolFrom<WeightOp>(*this, derived.getSource());
  if (!source || source == *this) // weight_c5
    return emitOpError("the source of a derived weight must be another weight "
                       "of the module, got ")
           << derived.getSource();
  RankedTensorType matrix = source.getTensorType();
  if (matrix.getRank() != 2)
    return emitOpError("the source of panels must be a matrix, got ") << matrix;
  int64_t k = matrix.getDimSize(0), n = matrix.getDimSize(1),
          nr = derived.getNr();
  if (derived.getPacking() == Packing::PanelsTransposed)
    std::swap(k, n);
  auto expected = RankedTensorType::get({llvm::divideCeilSigned(n, nr), k, nr},
                                        matrix.getElementType());
  if (getTensorType() != expected)
    return emitOpError("the panels of ")
           << matrix << " must have the type " << expected << ", got "
           << getTensorType();
  return success();
}

void LoadWeightOp::build(OpBuilder &builder, OperationState &state,
                         WeightOp weight) {
  build(builder, state, weight.getTensorType(), weight.getSymName());
}

LogicalResult LoadWeightOp::verifySymbolUses(SymbolTableCollection &tables) {
  auto weight =
      tables.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight) // load_weight_c1
    return emitOpError("the symbol must be a hybrid.weight of the module, got ")
           << getWeightAttr();
  if (weight.getTensorType() != getResult().getType()) // load_weight_c2
    return emitOpError("the result must have the type of weight ")
           << getWeightAttr() << ": expected " << weight.getTensorType()
           << ", got " << getResult().getType();
  return success();
}

LogicalResult CheckOp::verify() {
  if (getMessage().empty()) // check_c1
    return emitOpError("the message must not be empty");
  return success();
}
