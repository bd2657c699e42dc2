// Canonicalisation of scans.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::hybrid;

namespace {

/// ssd_scan over one position -> state_update.
struct UseStateUpdate : OpRewritePattern<SsdScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SsdScanOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "on buffers");
    if (cast<ShapedType>(op.getX().getType()).getDimSize(1) != 1)
      return rewriter.notifyMatchFailure(op, "more than one position");
    FailureOr<SmallVector<Value>> values =
        op.buildStep(rewriter, op->getOperands());
    if (failed(values))
      return failure();
    rewriter.replaceOp(op, *values);
    return success();
  }
};

} // namespace

void SsdScanOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<UseStateUpdate>(context);
}
