#include "passes/cpu/kernels/Threads.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace jarana::cpu {
namespace {

/// The declaration of a function of OpenMP's library that gives an int.
func::FuncOp declare(OpBuilder &builder, StringRef name) {
  auto module =
      builder.getInsertionBlock()->getParentOp()->getParentOfType<ModuleOp>();
  if (auto function = module.lookupSymbol<func::FuncOp>(name))
    return function;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(module.getBody());
  auto function =
      func::FuncOp::create(builder, module.getLoc(), name,
                           builder.getFunctionType({}, builder.getI32Type()));
  function.setPrivate();
  return function;
}

Value ask(OpBuilder &builder, Location loc, StringRef name) {
  auto call =
      func::CallOp::create(builder, loc, declare(builder, name), ValueRange());
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                    call.getResult(0));
}

} // namespace

Value threadNumber(OpBuilder &builder, Location loc) {
  return ask(builder, loc, threadNumberName);
}
Value threadCount(OpBuilder &builder, Location loc) {
  return ask(builder, loc, threadCountName);
}

} // namespace jarana::cpu
