// cpu-lower-checks: a failed check ends the function.
#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_LOWERCHECKSPASS
#include "passes/cpu/Passes.h.inc"

namespace {
struct LowerChecks : impl::LowerChecksPassBase<LowerChecks> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    SmallVector<hybrid::CheckOp> checks;
    function.walk([&](hybrid::CheckOp check) { checks.push_back(check); });
    if (checks.empty())
      return;
    if (!isEntry(function) && !isPlan(function)) {
      checks.front().emitError("is not in an entry function");
      return signalPassFailure();
    }
    Type codeType = function.getResultTypes().front();
    OpBuilder builder(&getContext());
    Block *exit =
        builder.createBlock(&function.getBody(), function.getBody().end(),
                            {codeType}, {function.getLoc()});
    func::ReturnOp::create(builder, function.getLoc(), exit->getArguments());

    for (hybrid::CheckOp check : checks) {
      if (check->getParentRegion() != &function.getBody()) {
        check.emitError("is inside a region that is not branches by now");
        return signalPassFailure();
      }
      auto code = check->getAttrOfType<IntegerAttr>(codeAttr);
      if (!code) {
        check.emitError() << "has no '" << codeAttr
                          << "'; run cpu-entry-points first";
        return signalPassFailure();
      }
      Block *block = check->getBlock();
      Block *rest = block->splitBlock(check->getNextNode());
      builder.setInsertionPoint(check);
      Value failedCode = arith::ConstantOp::create(
          builder, check.getLoc(),
          builder.getIntegerAttr(codeType, code.getInt()));
      cf::CondBranchOp::create(builder, check.getLoc(), check.getCondition(),
                               rest, ValueRange(), exit,
                               ValueRange(failedCode));
      check.erase();
    }
  }
};
} // namespace
} // namespace jarana::cpu
