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
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() &&
          failed(generalizeShapes(function, length, batch)))
        return signalPassFailure();
  }
};

} // namespace
} // namespace jarana::raise
