// Looking around in the onnx form.
#include "passes/raise/recognise/Recogniser.h"

#include "dialects/hybrid/HybridDialect.h"
#include "dialects/onnx/OnnxDialect.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace jarana::raise::recognise {

StringRef opName(Operation *op) {
  return op ? op->getName().stripDialect() : StringRef();
}

std::string reportName(Operation *op) {
  std::string name = hybrid::nodeName(op);
  return name.empty() ? opName(op).str() : name;
}

std::string reportTitle(Operation *op) {
  std::string position = hybrid::nodePosition(op->getLoc());
  return opName(op).str() + " '" + reportName(op) + "'" +
         (position.empty() ? position : " (" + position + ")");
}

StringRef opName(Value value) {
  return value ? opName(value.getDefiningOp()) : StringRef();
}

bool is(Value value, StringRef op) { return opName(value) == op; }

static bool movesData(Operation *op) {
  static constexpr StringLiteral names[] = {
      "Reshape", "Transpose", "Unsqueeze", "Squeeze", "Expand",
      "Tile",    "Identity",  "Pad",       "Slice",   "Flatten"};
  if (llvm::is_contained(names, opName(op)))
    return true;
  return opName(op) == "Cast" &&
         isa<FloatType>(getElementTypeOrSelf(op->getOperand(0).getType())) &&
         isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType()));
}

Value throughMovement(Value value, function_ref<bool(Operation *)> stop) {
  while (Operation *op = value.getDefiningOp()) {
    if (!movesData(op) || (stop && stop(op)))
      break;
    value = op->getOperand(0);
  }
  return value;
}

SmallVector<Value> movementChain(Value value) {
  SmallVector<Value> chain = {value};
  throughMovement(value, [&](Operation *op) {
    chain.push_back(op->getOperand(0));
    return false;
  });
  return chain;
}

std::optional<double> scalarConstant(Value value) {
  Operation *op = value ? value.getDefiningOp() : nullptr;
  if (!op || opName(op) != "Constant")
    return std::nullopt;
  auto elements = op->getAttrOfType<DenseElementsAttr>("value");
  if (!elements || elements.empty() || !elements.isSplat() ||
      !isa<FloatType>(elements.getElementType()))
    return std::nullopt;
  return elements.getSplatValue<APFloat>().convertToDouble();
}

Value otherOperand(Operation *op, Value operand) {
  return op->getOperand(0) == operand ? op->getOperand(1) : op->getOperand(0);
}

} // namespace jarana::raise::recognise
