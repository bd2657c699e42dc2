// generalize-shapes: a graph that was traced at fixed sizes, for all sizes.
#include "passes/raise/Passes.h"
#include "passes/raise/generalize/Generalizer.h"

using namespace mlir;

namespace jarana::raise {
#define GEN_PASS_DEF_GENERALIZESHAPESPASS
#include "passes/raise/Passes.h.inc"

namespace {

struct GeneralizeShapes : impl::GeneralizeShapesPassBase<GeneralizeShapes> {
  using GeneralizeShapesPassBase::GeneralizeShapesPassBase;

  void runOnOperation() override {
    if (!length && !batch)
      return;
    // Only the model's function: a decode graph beside it takes one token.
    auto main = getOperation().lookupSymbol<func::FuncOp>("main");
    if (main && !main.isExternal() &&
        failed(generalizeShapes(main, length, batch)))
      return signalPassFailure();
  }
};

} // namespace
} // namespace jarana::raise
