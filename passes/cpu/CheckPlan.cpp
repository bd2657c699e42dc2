// cpu-check-plan: a size that overflows is seen, not wrapped.
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_CHECKPLANPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// The op in 128 bits; gives whether its result does not fit 64.
Value overflows(Operation *op) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  Type wide = b.getIntegerType(128);
  auto widen = [&](Value value) -> Value {
    Value number = arith::IndexCastOp::create(b, b.getI64Type(), value);
    return arith::ExtSIOp::create(b, wide, number);
  };
  Value lhs = widen(op->getOperand(0)), rhs = widen(op->getOperand(1));
  b.setInsertionPointAfter(op);
  Value exact;
  if (isa<arith::AddIOp>(op))
    exact = arith::AddIOp::create(b, lhs, rhs);
  else if (isa<arith::SubIOp>(op))
    exact = arith::SubIOp::create(b, lhs, rhs);
  else
    exact = arith::MulIOp::create(b, lhs, rhs);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, exact,
                               widen(op->getResult(0)));
}

struct CheckPlan : impl::CheckPlanPassBase<CheckPlan> {
  void runOnOperation() override {
    func::FuncOp plan = getOperation();
    if (!isPlan(plan) || !plan.getBody().hasOneBlock())
      return;
    Block &block = plan.getBody().front();
    SmallVector<Operation *> ops;
    for (Operation &op : block)
      if (isa<arith::AddIOp, arith::SubIOp, arith::MulIOp>(op) &&
          op.getResult(0).getType().isIndex())
        ops.push_back(&op);
    if (ops.empty())
      return;
    SmallVector<Value> found = llvm::map_to_vector(ops, overflows);
    Operation *terminator = block.getTerminator();
    ImplicitLocOpBuilder b(plan.getLoc(), terminator);
    Value any = found.front();
    for (Value next : ArrayRef(found).drop_front())
      any = arith::OrIOp::create(b, any, next);
    Value endless = arith::ConstantOp::create(
        b, b.getI64IntegerAttr(std::numeric_limits<int64_t>::max()));
    terminator->setOperand(
        0, arith::SelectOp::create(b, any, endless, terminator->getOperand(0)));
  }
};
} // namespace
} // namespace jarana::cpu
