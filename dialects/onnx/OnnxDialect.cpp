// The dialect itself, the trait of its operators, and the folders.
#include "dialects/onnx/OnnxDialect.h"

#include "dialects/onnx/ShapeInference.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::onnx;

#include "dialects/onnx/OnnxDialect.cpp.inc"

void OnnxDialect::initialize() { registerOnnxDialectOperations(this); }

Operation *OnnxDialect::materializeConstant(OpBuilder &builder, Attribute value,
                                            Type type, Location loc) {
  if (isa<NoneType>(type))
    return NoneOp::create(builder, loc, type);
  if (auto elements = dyn_cast<ElementsAttr>(value))
    return elements.getType() == type
               ? ConstantOp::create(builder, loc, type, elements)
               : nullptr;
  return nullptr;
}

/// The variable of value `index` of a list spelled like "ab*".
static char variableAt(StringRef letters, unsigned index) {
  if (letters.ends_with("*") && index + 2 >= letters.size())
    return letters[letters.size() - 2];
  return index < letters.size() ? letters[index] : '.';
}

LogicalResult
mlir::onnx::verifyTypeVariables(Operation *op, StringRef variables,
                                std::pair<unsigned, unsigned> resultLimits) {
  if (op->getNumResults() < resultLimits.first ||
      op->getNumResults() > resultLimits.second)
    return op->emitOpError()
           << "has " << op->getNumResults() << " results; it can have "
           << resultLimits.first << " to " << resultLimits.second;
  auto [operandLetters, resultLetters] = variables.split(':');
  Type bound[26] = {};
  auto bind = [&](Type type, char variable, const char *what,
                  unsigned index) -> LogicalResult {
    if (variable == '.' || isa<NoneType>(type))
      return success();
    Type element = getElementTypeOrSelf(type);
    Type &slot = bound[variable - 'a'];
    if (slot && slot != element)
      return op->emitOpError()
             << what << " " << index << " has element type " << element
             << " where " << slot
             << " is expected, as of an operand or result before it";
    slot = element;
    return success();
  };
  for (OpOperand &operand : op->getOpOperands())
    if (failed(bind(operand.get().getType(),
                    variableAt(operandLetters, operand.getOperandNumber()),
                    "operand", operand.getOperandNumber())))
      return failure();
  for (OpResult result : op->getResults())
    if (failed(bind(result.getType(),
                    variableAt(resultLetters, result.getResultNumber()),
                    "result", result.getResultNumber())))
      return failure();
  return success();
}

LogicalResult mlir::onnx::verifyShapeRule(Operation *op) {
  return jarana::onnx::verifyOp(op);
}

//===- folders ------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

OpFoldResult NoneOp::fold(FoldAdaptor) { return UnitAttr::get(getContext()); }

OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput())
                                           : OpFoldResult();
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  std::optional<ArrayRef<int64_t>> perm = getPerm();
  if (!perm || getData().getType() != getType())
    return {};
  for (auto [index, dim] : llvm::enumerate(*perm))
    if (static_cast<int64_t>(index) != dim)
      return {};
  return getData();
}

//===- Scan ---------------------------------------------------------------===//

LogicalResult ScanOp::verifyRegions() {
  int64_t scanInputs = getNumScanInputs();
  int64_t operands = getNumOperands();
  if (scanInputs < 1 || scanInputs > operands) // C1
    return emitOpError() << "has num_scan_inputs = " << scanInputs
                         << ", which must be from 1 to the number of operands, "
                         << operands;
  Block &block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield || block.getNumArguments() != operands ||
      yield.getNumOperands() != getNumResults()) // C2
    return emitOpError() << "needs a region with one argument per operand ("
                         << operands << ") that yields one value per result ("
                         << getNumResults() << ")";
  int64_t states = operands - scanInputs;
  if (static_cast<int64_t>(getNumResults()) < states)
    return emitOpError() << "has " << states << " states and only "
                         << getNumResults() << " results";
  int64_t scanOutputs = getNumResults() - states;
  for (auto [index, operand] : llvm::enumerate(getOperands())) {
    auto outer = cast<RankedTensorType>(operand.getType());
    auto inner = dyn_cast<RankedTensorType>(block.getArgument(index).getType());
    if (!inner || inner.getElementType() != outer.getElementType()) // C3
      return emitOpError() << "operand " << index << " is " << outer
                           << ", but the region's argument is "
                           << block.getArgument(index).getType();
    if (static_cast<int64_t>(index) >= states &&
        inner.getRank() + 1 != outer.getRank()) // C4
      return emitOpError() << "scan input " << index - states << " is " << outer
                           << ", so the region's argument must have rank "
                           << outer.getRank() - 1 << ", not "
                           << inner.getRank();
  }
  for (auto [result, yielded] :
       llvm::zip_equal(getResults(), yield.getValues()))
    if (getElementTypeOrSelf(result.getType()) !=
        getElementTypeOrSelf(yielded.getType())) // C3
      return emitOpError() << "result " << result.getResultNumber() << " is "
                           << result.getType() << ", but the region yields "
                           << yielded.getType();
  auto check = [&](ArrayRef<int64_t> axes, ArrayRef<int64_t> directions,
                   int64_t count, StringRef what, int64_t first,
                   TypeRange types) -> LogicalResult {
    if (static_cast<int64_t>(axes.size()) != count ||
        static_cast<int64_t>(directions.size()) != count) // C5
      return emitOpError() << "needs one axis and one direction per " << what
                           << " (" << count << ")";
    for (int64_t i = 0; i < count; ++i) {
      int64_t rank = cast<RankedTensorType>(types[first + i]).getRank();
      if (axes[i] < -rank || axes[i] >= rank || directions[i] < 0 ||
          directions[i] > 1)
        return emitOpError()
               << "has axis " << axes[i] << " and direction " << directions[i]
               << " for " << what << " " << i << " of rank " << rank;
    }
    return success();
  };
  if (failed(check(getScanInputAxes(), getScanInputDirections(), scanInputs,
                   "scan input", states, getOperation()->getOperandTypes())))
    return failure();
  return check(getScanOutputAxes(), getScanOutputDirections(), scanOutputs,
               "scan output", states, getOperation()->getResultTypes());
}
