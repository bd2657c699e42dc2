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
