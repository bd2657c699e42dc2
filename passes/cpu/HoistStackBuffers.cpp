// cpu-hoist-stack-buffers: buffers on the stack are made once per thread.
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_HOISTSTACKBUFFERSPASS
#include "passes/cpu/Passes.h.inc"

namespace {
struct HoistStackBuffers : impl::HoistStackBuffersPassBase<HoistStackBuffers> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    WalkResult result = function.walk([&](memref::AllocaOp alloca) {
      Block *target = &function.getBody().front();
      if (auto parallel = alloca->getParentOfType<omp::ParallelOp>())
        target = &parallel.getRegion().front();
      if (alloca->getBlock() == target)
        return WalkResult::advance();
      if (!alloca.getDynamicSizes().empty()) {
        alloca.emitError("a buffer on the stack, of a size that is not known, "
                         "inside a loop");
        return WalkResult::interrupt();
      }
      alloca->moveBefore(target, target->begin());
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    SmallVector<memref::AllocaScopeOp> scopes;
    function.walk(
        [&](memref::AllocaScopeOp scope) { scopes.push_back(scope); });
    for (memref::AllocaScopeOp scope : scopes) { // inner ones first
      Block &body = scope.getBodyRegion().front();
      Operation *end = body.getTerminator();
      scope.replaceAllUsesWith(end->getOperands());
      end->erase();
      scope->getBlock()->getOperations().splice(scope->getIterator(),
                                                body.getOperations());
      scope.erase();
    }
  }
};
} // namespace
} // namespace jarana::cpu
