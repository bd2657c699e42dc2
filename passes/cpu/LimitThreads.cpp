// cpu-limit-threads: small loops run on one thread.
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_LIMITTHREADSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// Multiplies up the iterations of loops, as far as their bounds are known at a
/// point of the program. Numbers are kept as numbers.
struct Work {
  OpBuilder &builder;
  Location loc;
  int64_t factor = 1;
  Value product = {};

  void times(Value lower, Value upper, Value step) {
    IntegerAttr lowerConstant, upperConstant, stepConstant;
    bool known = matchPattern(lower, m_Constant(&lowerConstant)) &&
                 matchPattern(upper, m_Constant(&upperConstant));
    int64_t stride = matchPattern(step, m_Constant(&stepConstant))
                         ? stepConstant.getInt()
                         : 1;
    if (known) {
      int64_t span = upperConstant.getInt() - lowerConstant.getInt();
      times(std::max<int64_t>(
          1, llvm::divideCeil(std::max<int64_t>(span, 1), stride)));
      return;
    }
    Value span = arith::SubIOp::create(builder, loc, upper, lower);
    if (stride > 1) // rounded up, so that a short loop counts as one
      span = arith::CeilDivSIOp::create(builder, loc, span, constant(stride));
    product =
        product ? arith::MulIOp::create(builder, loc, product, span).getResult()
                : span;
  }
  void times(int64_t count) {
    factor *= std::min<int64_t>(count, int64_t(1) << 20);
  }
  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
};

struct LimitThreads : impl::LimitThreadsPassBase<LimitThreads> {
  using LimitThreadsPassBase::LimitThreadsPassBase;

  void runOnOperation() override {
    SmallVector<omp::ParallelOp> regions;
    getOperation().walk([&](omp::ParallelOp region) {
      if (!region.getIfExpr())
        regions.push_back(region);
    });
    for (omp::ParallelOp region : regions)
      limit(region);
  }

  void limit(omp::ParallelOp region) {
    OpBuilder builder(region);
    Work work{builder, region.getLoc()};
    auto isOutside = [&](Value value) {
      return !region.getRegion().isAncestor(value.getParentRegion());
    };
    // The iterations of the deepest loop nest. Bounds that are computed inside
    // are the ends of blocks, whose outer loop counts blocks.
    Operation *deepest = nullptr;
    unsigned depth = 0;
    region.walk([&](scf::ForOp loop) {
      unsigned level = 0;
      for (Operation *op = loop; op != region; op = op->getParentOp())
        level += isa<scf::ForOp>(op);
      if (level > depth) {
        depth = level;
        deepest = loop;
      }
    });
    region.walk([&](omp::LoopNestOp nest) {
      for (auto [lower, upper, step] :
           llvm::zip_equal(nest.getLoopLowerBounds(), nest.getLoopUpperBounds(),
                           nest.getLoopSteps()))
        if (isOutside(lower) && isOutside(upper))
          work.times(lower, upper, step);
      return WalkResult::interrupt();
    });
    for (Operation *op = deepest; op && op != region; op = op->getParentOp())
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        auto [lower, upper] =
            std::pair(loop.getLowerBound(), loop.getUpperBound());
        if (isOutside(lower) && isOutside(upper))
          work.times(lower, upper, loop.getStep());
        else
          work.times(blockIterations);
      }
    if (!work.product) {
      if (work.factor >= minWork)
        return;
      Value no = arith::ConstantOp::create(builder, region.getLoc(),
                                           builder.getBoolAttr(false));
      region.getIfExprMutable().assign(no);
      return;
    }
    Value limit = work.constant(llvm::divideCeil(minWork, work.factor));
    Value enough =
        arith::CmpIOp::create(builder, region.getLoc(),
                              arith::CmpIPredicate::sge, work.product, limit);
    region.getIfExprMutable().assign(enough);
  }

  /// What a loop over a block is taken to do.
  static constexpr int64_t blockIterations = 128;
};
} // namespace
} // namespace jarana::cpu
