// The shapes of what If and Loop give.
#include "dialects/onnx/shape/Rules.h"

using namespace mlir;

namespace jarana::onnx {

using symbolic::Context;
using symbolic::Expr;
using symbolic::SymbolId;

Assumptions::Assumptions(const Context &context)
    : checks(context.checks().size()) {
  for (size_t id = 0; id < context.numSymbols(); ++id)
    bounds.push_back(context.symbolInfo(static_cast<SymbolId>(id)).lowerBound);
}

std::string Assumptions::since(const Context &context) const {
  if (context.checks().size() > checks)
    return context.describe(context.checks()[checks]);
  for (size_t id = 0; id < bounds.size(); ++id)
    if (context.symbolInfo(static_cast<SymbolId>(id)).lowerBound != bounds[id])
      return context.describeLowerBound(static_cast<SymbolId>(id));
  return {};
}

FailureOr<SmallVector<ValueInfo>>
SymbolicShapes::inferIf(Operation *op, ArrayRef<ValueInfo> operands) {
  shape::Inference inference(op, operands, *ctx);
  std::string message;
  try {
    std::array<SmallVector<ValueInfo>, 2> branches;
    for (unsigned number : {0U, 1U}) {
      Assumptions before(*ctx);
      Block &block = op->getRegion(number).front();
      for (Operation &inner : block.without_terminator())
        if (failed(infer(&inner)))
          return failure();
      if (std::string more = before.since(*ctx); !more.empty())
        inference.fail(
            Twine("its branch '") + (number ? "else_branch" : "then_branch") +
            "' needs what may not hold where the other is taken: " + more);
      for (Value value : block.back().getOperands())
        branches[number].push_back(lookup(value));
    }
    std::optional<Expr> condition = inference.scalar(0);
    SmallVector<ValueInfo> results;
    for (auto [i, then, otherwise] :
         llvm::enumerate(branches[0], branches[1])) {
      if (then.elementType != otherwise.elementType ||
          then.rank() != otherwise.rank())
        inference.fail("output " + Twine(i) +
                       " has another element type or rank in one branch than "
                       "in the other");
      ValueInfo info{then.elementType, then.shape, std::nullopt};
      for (int64_t d = 0; d < info.rank(); ++d) {
        if (ctx->proveEqual(then.shape[d], otherwise.shape[d]))
          continue;
        if (!condition)
          inference.fail("dimension " + Twine(d) + " of output " + Twine(i) +
                         " is " + inference.text(then.shape[d]) +
                         " in one branch and " +
                         inference.text(otherwise.shape[d]) +
                         " in the other, and the condition does not follow "
                         "from the sizes of the inputs");
        info.shape[d] =
            ctx->select(*condition, then.shape[d], otherwise.shape[d]);
      }
      if (condition && then.contents && otherwise.contents &&
          then.contents->size() == otherwise.contents->size())
        info.contents = shape::makeContents(info.shape, [&](int64_t at) {
          return ctx->select(*condition, (*then.contents)[at],
                             (*otherwise.contents)[at]);
        });
      results.push_back(std::move(info));
    }
    return results;
  } catch (const Error &error) {
    message = error.what();
  }
  emitError(op->getLoc()) << inference.who() << ": " << message;
  return failure();
}

/// What is carried keeps its shape from iteration to iteration.
FailureOr<SmallVector<ValueInfo>>
SymbolicShapes::inferLoop(Operation *op, ArrayRef<ValueInfo> operands) {
  shape::Inference inference(op, operands, *ctx);
  std::string message;
  try {
    Block &body = op->getRegion(0).front();
    if (operands.size() < 2 || body.getNumArguments() != operands.size() ||
        body.empty() || body.back().getNumOperands() + 1 != operands.size())
      inference.fail("its body does not have the arguments and results that "
                     "its operands ask for");
    for (auto [operand, argument] :
         llvm::zip_equal(operands, body.getArguments())) {
      ValueInfo info = operand;
      info.contents.reset();
      argument.setType(typeOf(info));
      set(argument, std::move(info));
    }
    for (Operation &inner : body.without_terminator())
      if (failed(infer(&inner)))
        return failure();
    SmallVector<ValueInfo> results;
    for (size_t i = 2; i < operands.size(); ++i) {
      ValueInfo before = lookup(body.getArgument(static_cast<unsigned>(i))),
                after = lookup(
                    body.back().getOperand(static_cast<unsigned>(i - 1)));
      if (before.rank() != after.rank())
        inference.fail("carried value " + Twine(i - 2) +
                       " changes its rank from iteration to iteration");
      for (int64_t d = 0; d < before.rank(); ++d)
        inference.requireEqual(before.shape[d], after.shape[d],
                               "dimension " + Twine(d) + " of carried value " +
                                   Twine(i - 2) +
                                   " before and after an iteration");
      results.push_back({before.elementType, before.shape, std::nullopt});
    }
    return results;
  } catch (const Error &error) {
    message = error.what();
  }
  emitError(op->getLoc()) << inference.who() << ": " << message;
  return failure();
}

} // namespace jarana::onnx
