// cpu-fuse-elementwise: elementwise ops join the op that uses them.
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_FUSEELEMENTWISEPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// One op at most, and none that is slow: conversions, additions, a choice.
bool isCheap(linalg::LinalgOp op) {
  unsigned ops = 0;
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (isa<arith::DivFOp>(inner) || inner.getNumRegions() != 0 ||
        isa_and_present<math::MathDialect>(inner.getDialect()))
      return false;
    ops += !isa<arith::ConstantOp, linalg::IndexOp>(inner);
  }
  return ops <= 1;
}

/// Bodies beyond this size run out of registers, and compile slowly.
constexpr size_t maxBodyOps = 64;
constexpr size_t maxOperands = 12;

bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::LinalgOp>();
  auto consumer = dyn_cast<linalg::LinalgOp>(operand->getOwner());
  if (!producer || !consumer)
    return false;
  size_t size = producer.getBlock()->getOperations().size() +
                consumer.getBlock()->getOperations().size();
  if (size > maxBodyOps ||
      producer->getNumOperands() + consumer->getNumOperands() > maxOperands)
    return false;
  // What others need too would be computed again for each of them.
  if (!operand->get().hasOneUse())
    return isCheap(producer) && producer.getNumDpsInputs() <= 1 &&
           llvm::hasNItemsOrLess(operand->get().getUsers(), 4);
  bool visitsOnce = consumer.getNumLoops() == producer.getNumLoops();
  return visitsOnce || isCheap(producer);
}

struct FuseElementwise : impl::FuseElementwisePassBase<FuseElementwise> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::LinalgOp> named;
    getOperation().walk([&](linalg::LinalgOp op) {
      if (!isa<linalg::GenericOp, linalg::FillOp, linalg::CopyOp>(
              op.getOperation()) &&
          op.getNumLoops() == op.getNumParallelLoops())
        named.push_back(op);
    });
    for (linalg::LinalgOp op : named) {
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    }
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    linalg::populateConstantFoldLinalgOperations(
        patterns,
        [](OpOperand *operand) { return operand->get().hasOneUse(); });
    // More rounds would find little: each fuses along whole chains.
    GreedyRewriteConfig config;
    config.setUseTopDownTraversal(true).setMaxIterations(4);
    (void)applyPatternsGreedily(getOperation(), std::move(patterns), config);
  }
};
} // namespace
} // namespace jarana::cpu
