// cpu-decompose: ops that have no kernel become linalg.
#include "passes/cpu/Passes.h"
#include "passes/cpu/kernels/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_DECOMPOSEPASS
#include "passes/cpu/Passes.h.inc"

namespace {
struct Decompose : impl::DecomposePassBase<Decompose> {
  using DecomposePassBase::DecomposePassBase;

  void runOnOperation() override {
    // A decomposition may give ops that are decomposed in turn.
    IRRewriter rewriter(&getContext());
    for (;;) {
      SmallVector<linalg::AggregatedOpInterface> ops;
      getOperation().walk([&](linalg::AggregatedOpInterface op) {
        if (all || !hasKernel(op))
          ops.push_back(op);
      });
      if (ops.empty())
        break;
      for (linalg::AggregatedOpInterface op : ops) {
        rewriter.setInsertionPoint(op);
        FailureOr<SmallVector<Value>> values = op.decomposeOperation(rewriter);
        if (failed(values)) {
          op.emitError("has neither a kernel nor a decomposition");
          return signalPassFailure();
        }
        rewriter.replaceOp(op, *values);
      }
    }
    RewritePatternSet patterns(&getContext());
    tensor::populateDecomposeTensorConcatPatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
} // namespace jarana::cpu
