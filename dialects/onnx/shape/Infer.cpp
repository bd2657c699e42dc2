// Dispatch to the rules, and what the verifiers use.
#include "dialects/onnx/shape/Rules.h"

#include "dialects/Guarded.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace jarana::onnx {

static shape::Rule ruleOf(StringRef name) {
  static const llvm::StringMap<shape::Rule> table = [] {
    llvm::StringMap<shape::Rule> rules;
    for (ArrayRef<shape::NamedRule> family :
         {shape::elementwiseRules(), shape::comparisonRules(),
          shape::reshapeRules(), shape::movementRules(), shape::gatherRules(),
          shape::reductionRules(), shape::contractionRules(),
          shape::quantizationRules(), shape::sequenceRules(),
          shape::attentionRules()})
      for (const shape::NamedRule &rule : family)
        rules[rule.name] = rule.rule;
    return rules;
  }();
  return table.lookup(name);
}

/// What a type says; contents where the value is a constant.
ValueInfo infoOfType(Type type, symbolic::Context &context,
                     const std::string &origin) {
  ValueInfo info;
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return info;
  info.elementType = tensor.getElementType();
  for (int64_t dim : tensor.getShape()) {
    if (!ShapedType::isDynamic(dim)) {
      info.shape.emplace_back(dim);
      continue;
    }
    symbolic::Context::Symbol symbol;
    symbol.name = "d" + std::to_string(context.numSymbols());
    symbol.origin = origin;
    info.shape.push_back(
        symbolic::Expr::symbol(context.addSymbol(std::move(symbol))));
  }
  return info;
}

RankedTensorType typeOf(const ValueInfo &info) {
  SmallVector<int64_t> shape;
  for (const symbolic::Expr &dim : info.shape)
    shape.push_back(dim.constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(shape, info.elementType);
}

/// A constant, of this dialect or another: its type and value say all.
static std::optional<ValueInfo> infoOfConstant(Operation *op,
                                               symbolic::Context &context) {
  if (op->getNumResults() != 1 || op->getNumOperands() != 0)
    return std::nullopt;
  auto value = op->getAttrOfType<ElementsAttr>("value");
  if (!value)
    return std::nullopt;
  ValueInfo info = infoOfType(value.getType(), context, {});
  info.contents = shape::contentsOf(value);
  return info;
}

FailureOr<SmallVector<ValueInfo>> inferOp(Operation *op,
                                          ArrayRef<ValueInfo> operands,
                                          symbolic::Context &context) {
  if (std::optional<ValueInfo> info = infoOfConstant(op, context))
    return SmallVector<ValueInfo>{*info};
  StringRef name = op->getName().stripDialect();
  if (name == "None")
    return SmallVector<ValueInfo>(1);
  shape::Inference inference(op, operands, context);
  std::string message;
  try {
    shape::Rule rule = ruleOf(name);
    if (!rule)
      inference.fail("there is no shape rule for this operator");
    SmallVector<ValueInfo> results = rule(inference);
    if (results.size() < op->getNumResults())
      inference.fail("it has " + Twine(op->getNumResults()) +
                     " results; at most " + Twine(results.size()) +
                     " are possible");
    results.truncate(op->getNumResults());
    // A dimension that is negative for all values is a contradiction that no
    // equality shows (a concatenation of too negative pads, say).
    for (const ValueInfo &info : results)
      for (const symbolic::Expr &dim : info.shape)
        if (auto number = dim.constant(); number && *number < 0)
          inference.fail("a dimension of the result is negative: " +
                         Twine(*number));
    return results;
  } catch (const std::exception &error) {
    message = error.what();
  }
  emitError(op->getLoc()) << inference.who() << ": " << message;
  return failure();
}

static LogicalResult verifyShapes(Operation *op) {
  symbolic::Context context;
  StringRef name = op->getName().stripDialect();
  if (op->getNumRegions() != 0 || name == "None")
    return success(); // the region's ops verify themselves
  SmallVector<ValueInfo> operands;
  for (Value operand : op->getOperands()) {
    ValueInfo info = infoOfType(operand.getType(), context, {});
    if (Operation *definition = operand.getDefiningOp())
      if (std::optional<ValueInfo> constant =
              infoOfConstant(definition, context))
        info.contents = std::move(constant->contents);
    operands.push_back(std::move(info));
  }
  FailureOr<SmallVector<ValueInfo>> results = inferOp(op, operands, context);
  if (failed(results))
    return failure();
  for (auto [result, info] : llvm::zip(op->getResults(), *results)) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    if (!type || !info.present())
      continue;
    for (symbolic::Expr &dim : info.shape)
      dim = context.simplify(dim);
    RankedTensorType inferred = typeOf(info);
    if (type.getElementType() != inferred.getElementType() ||
        failed(verifyCompatibleShape(type, inferred)))
      return op->emitOpError()
             << "result " << result.getResultNumber() << " has type " << type
             << ", but the operands make it " << inferred;
  }
  return success();
}

LogicalResult verifyOp(Operation *op) {
  return guarded(op, [&] { return verifyShapes(op); });
}

} // namespace jarana::onnx
