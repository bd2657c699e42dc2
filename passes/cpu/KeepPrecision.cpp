// cpu-keep-precision: no rounding between the ops of one kernel.
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_KEEPPRECISIONPASS
#include "passes/cpu/Passes.h.inc"

namespace {
struct KeepPrecision : impl::KeepPrecisionPassBase<KeepPrecision> {
  void runOnOperation() override {
    getOperation().walk([](arith::ExtFOp widen) {
      auto narrow = widen.getIn().getDefiningOp<arith::TruncFOp>();
      if (narrow && narrow.getIn().getType() == widen.getType()) {
        widen.replaceAllUsesWith(narrow.getIn());
        widen.erase();
      }
    });
  }
};
} // namespace
} // namespace jarana::cpu
