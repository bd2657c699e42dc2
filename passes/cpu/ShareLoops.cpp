// cpu-share-loops: each thread does its share of a loop.
#include "passes/cpu/Passes.h"
#include "passes/cpu/kernels/Threads.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_SHARELOOPSPASS
#include "passes/cpu/Passes.h.inc"

namespace {
struct ShareLoops : impl::ShareLoopsPassBase<ShareLoops> {
  void runOnOperation() override {
    SmallVector<omp::WsloopOp> loops;
    getOperation().walk([&](omp::WsloopOp loop) { loops.push_back(loop); });
    for (omp::WsloopOp loop : loops)
      if (failed(share(loop)))
        return signalPassFailure();
  }

  LogicalResult share(omp::WsloopOp loop) {
    auto nest = dyn_cast<omp::LoopNestOp>(loop.getWrappedLoop());
    if (loop->getNumOperands() != 0 || loop.getScheduleKind() ||
        loop.getOrdered() || loop.getNowait() || !nest ||
        nest.getLoopInclusive() || !nest.getRegion().hasOneBlock())
      return loop.emitError("only loops without clauses can be shared out");
    // Threads do not wait for each other at the end of a loop.
    Operation *next = loop->getNextNode();
    if (!isa_and_nonnull<omp::ParallelOp>(loop->getParentOp()) ||
        !isa_and_nonnull<omp::TerminatorOp>(next))
      return loop.emitError("a shared loop must be the last of its region");

    OpBuilder builder(loop);
    Location loc = loop.getLoc();
    auto lowers = nest.getLoopLowerBounds(), uppers = nest.getLoopUpperBounds(),
         steps = nest.getLoopSteps();
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0),
          one = arith::ConstantIndexOp::create(builder, loc, 1);
    SmallVector<Value> counts;
    Value total = one;
    for (auto [lower, upper, step] : llvm::zip_equal(lowers, uppers, steps)) {
      Value span = builder.createOrFold<arith::SubIOp>(loc, upper, lower);
      span = builder.createOrFold<arith::MaxSIOp>(loc, span, zero);
      Value count = builder.createOrFold<arith::CeilDivSIOp>(loc, span, step);
      counts.push_back(count);
      total = builder.createOrFold<arith::MulIOp>(loc, total, count);
    }
    // The first threads take one more where the division leaves a rest.
    Value thread = threadNumber(builder, loc),
          threads = threadCount(builder, loc);
    Value each = arith::DivUIOp::create(builder, loc, total, threads),
          rest = arith::RemUIOp::create(builder, loc, total, threads);
    Value first = arith::AddIOp::create(
        builder, loc, arith::MulIOp::create(builder, loc, thread, each),
        arith::MinUIOp::create(builder, loc, thread, rest));
    Value hasMore = arith::CmpIOp::create(
        builder, loc, arith::CmpIPredicate::ult, thread, rest);
    Value size = arith::AddIOp::create(
        builder, loc, each,
        arith::SelectOp::create(builder, loc, hasMore, one, zero));
    Value last = arith::AddIOp::create(builder, loc, first, size);

    auto share = scf::ForOp::create(builder, loc, first, last, one);
    builder.setInsertionPointToStart(share.getBody());
    SmallVector<Value> indices(counts.size());
    Value linear = share.getInductionVar();
    for (size_t i = counts.size(); i-- > 0;) {
      Value index = linear;
      if (i > 0) {
        index = arith::RemUIOp::create(builder, loc, linear, counts[i]);
        linear = arith::DivUIOp::create(builder, loc, linear, counts[i]);
      }
      index = builder.createOrFold<arith::MulIOp>(loc, index, steps[i]);
      indices[i] = builder.createOrFold<arith::AddIOp>(loc, lowers[i], index);
    }
    Block &body = nest.getRegion().front();
    body.getTerminator()->erase();
    share.getBody()->getTerminator()->erase();
    share.getBody()->getOperations().splice(share.getBody()->end(),
                                            body.getOperations());
    for (auto [argument, index] : llvm::zip_equal(body.getArguments(), indices))
      argument.replaceAllUsesWith(index);
    builder.setInsertionPointToEnd(share.getBody());
    scf::YieldOp::create(builder, loc);
    loop.erase();
    return success();
  }
};
} // namespace
} // namespace jarana::cpu
