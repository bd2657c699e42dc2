// cpu-resolve-dims: dimensions of results become those of operands.
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_RESOLVEDIMSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// What a while started with, for one of the values that its first region hands
/// on.
Value initOf(scf::WhileOp loop, unsigned number) {
  auto handed =
      dyn_cast<BlockArgument>(loop.getConditionOp().getArgs()[number]);
  return handed && handed.getOwner() == loop.getBeforeBody()
             ? loop.getInits()[handed.getArgNumber()]
             : Value();
}

/// What a loop started with, for one of its results or carried values.
Value initOf(Value value) {
  if (auto result = dyn_cast<OpResult>(value)) {
    if (auto loop = dyn_cast<scf::ForOp>(result.getOwner()))
      return loop.getInitArgs()[result.getResultNumber()];
    if (auto loop = dyn_cast<scf::WhileOp>(result.getOwner()))
      return initOf(loop, result.getResultNumber());
  }
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *parent = argument.getOwner()->getParentOp();
    if (auto loop = dyn_cast<scf::ForOp>(parent))
      if (OpOperand *init = loop.getTiedLoopInit(argument))
        return init->get();
    if (auto loop = dyn_cast<scf::WhileOp>(parent))
      return argument.getOwner() == loop.getBeforeBody()
                 ? loop.getInits()[argument.getArgNumber()]
                 : initOf(loop, argument.getArgNumber());
  }
  return nullptr;
}

template <class DimOp> struct DimOfLoop : OpRewritePattern<DimOp> {
  using OpRewritePattern<DimOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(DimOp op,
                                PatternRewriter &rewriter) const override {
    Value init = initOf(op.getSource());
    if (!init)
      return rewriter.notifyMatchFailure(op,
                                         "not of a value that a loop carries");
    rewriter.modifyOpInPlace(op, [&] { op.getSourceMutable().set(init); });
    return success();
  }
};

struct ResolveDims : impl::ResolveDimsPassBase<ResolveDims> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    memref::populateResolveRankedShapedTypeResultDimsPatterns(patterns);
    patterns.add<DimOfLoop<tensor::DimOp>, DimOfLoop<memref::DimOp>>(
        &getContext());
    (void)applyPatternsGreedily(getOperation(), std::move(patterns));
  }
};
} // namespace
} // namespace jarana::cpu
