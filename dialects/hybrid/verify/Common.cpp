// Ranks, equal dimensions, destinations and element types of compute ops.
#include "dialects/hybrid/verify/Common.h"

#include <map>

using namespace mlir;
using namespace mlir::hybrid;

static std::string dimsText(StringRef letters) {
  std::string text = "[";
  for (auto [index, letter] : llvm::enumerate(letters)) {
    if (index)
      text += ", ";
    if (letter == '*' || llvm::isDigit(letter))
      text += "_";
    else
      text += llvm::toLower(letter);
  }
  return text + "]";
}

static LogicalResult verifyDestinations(ComputeOpInterface op,
                                        ArrayRef<NamedDims> named) {
  bool tensors = isa<RankedTensorType>(op->getOperand(0).getType());
  for (auto [operand, entry] : llvm::zip_equal(op->getOpOperands(), named))
    if (isa<RankedTensorType>(operand.get().getType()) != tensors)
      return op->emitOpError("operands must be all tensors or all memrefs: ")
             << named[0].name << " is " << op->getOperand(0).getType() << ", "
             << entry.name << " is " << operand.get().getType();
  auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
  SmallVector<Type> results;
  if (tensors)
    llvm::append_range(results, destination.getDpsInits().getTypes());
  if (op->getResultTypes() != TypeRange(results))
    return op->emitOpError(
               "results must have the types of the tensor inits: expected (")
           << results << "), got (" << op->getResultTypes() << ")";
  return success();
}

namespace {
/// Where a letter got its size.
struct Place {
  const char *name;
  unsigned dim;
  int64_t size;
};
} // namespace

LogicalResult hybrid::detail::verifyShapes(ComputeOpInterface op) {
  SmallVector<NamedDims> named = op.getNamedDims();
  if (failed(verifyDestinations(op, named)))
    return failure();
  // c1 of each op.
  for (auto [value, entry] : llvm::zip_equal(op->getOperands(), named))
    if (shapedType(value).getRank() != static_cast<int64_t>(entry.dims.size()))
      return op->emitOpError()
             << entry.name << " must have rank " << entry.dims.size() << " "
             << dimsText(entry.dims) << ", got " << value.getType();
  // c2 of each op. Dimensions that may be 1 come last, so that they set no
  // size.
  std::map<char, Place> places;
  for (bool mayBeOne : {false, true})
    for (auto [value, entry] : llvm::zip_equal(op->getOperands(), named))
      for (auto [dim, letter] : llvm::enumerate(entry.dims)) {
        int64_t size = shapedType(value).getDimSize(dim);
        if (letter == '*' ||
            static_cast<bool>(llvm::isUpper(letter)) != mayBeOne ||
            ShapedType::isDynamic(size) || (mayBeOne && size == 1))
          continue;
        auto [place, isNew] = places.try_emplace(
            llvm::toLower(letter),
            Place{entry.name, static_cast<unsigned>(dim), size});
        const Place &first = place->second;
        if (isNew || first.size == size)
          continue;
        InFlightDiagnostic diagnostic = op->emitOpError()
                                        << entry.name << " dimension " << dim;
        if (!llvm::isDigit(letter))
          diagnostic << " (" << place->first << ")";
        return diagnostic << ": expected " << first.size
                          << (mayBeOne ? " or 1" : "") << " as dimension "
                          << first.dim << " of " << first.name << ", got "
                          << size;
      }
  return success();
}

LogicalResult hybrid::detail::verifySameFloat(Operation *op,
                                              ArrayRef<Named> values) {
  Type type = shapedType(values[0].value).getElementType();
  if (!isa<Float32Type, Float16Type, BFloat16Type>(type))
    return op->emitOpError()
           << values[0].name << " must have elements of f32, f16 or bf16, got "
           << type;
  for (const Named &each : values.drop_front())
    if (each.value && shapedType(each.value).getElementType() != type)
      return op->emitOpError()
             << each.name << " must have the element type of " << values[0].name
             << ": expected " << type << ", got "
             << shapedType(each.value).getElementType();
  return success();
}

LogicalResult hybrid::detail::verifySameOrF32(Operation *op, Named reference,
                                              ArrayRef<Named> values) {
  Type type = shapedType(reference.value).getElementType();
  for (const Named &each : values) {
    if (!each.value)
      continue;
    Type element = shapedType(each.value).getElementType();
    if (element != type && !element.isF32())
      return op->emitOpError()
             << each.name << " must have the element type of " << reference.name
             << " or f32: expected " << type << " or f32, got " << element;
  }
  return success();
}

LogicalResult hybrid::detail::verifyElementType(Operation *op, Named value,
                                                Type type) {
  if (value.value && shapedType(value.value).getElementType() != type)
    return op->emitOpError()
           << value.name << " must have elements of " << type << ", got "
           << shapedType(value.value).getElementType();
  return success();
}

LogicalResult hybrid::detail::verifyDim(Operation *op, Named value,
                                        unsigned dim, int64_t expected,
                                        const Twine &rule) {
  if (!value.value)
    return success();
  int64_t size = shapedType(value.value).getDimSize(dim);
  if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(expected) &&
      size != expected)
    return op->emitOpError()
           << value.name << " dimension " << dim << ": expected " << expected
           << " (" << rule << "), got " << size;
  return success();
}
