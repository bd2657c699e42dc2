// cpu-linalg-to-loops: linalg ops on buffers become loops that LLVM vectorises.
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_LINALGTOLOOPSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// The order of the loops of one op, outermost first.
struct NestPlan {
  SmallVector<unsigned> parallel; ///< dimensions of the scf.parallel
  SmallVector<unsigned> inner;    ///< dimensions of the sequential loops
  /// The innermost loops are the reductions, so the results stay in registers.
  bool reductionsInnermost = false;
  /// A parallel dimension that is cut into blocks: the blocks run in parallel,
  /// and the dimension is the innermost loop.
  std::optional<unsigned> blocked;
};

/// Lines of this many elements are one parallel task where a loop has to be
/// cut.
constexpr int64_t blockSize = 256;

/// The innermost loop that lets all operands be read along consecutive
/// elements, or stay where they are: the last dimension of the output.
std::optional<unsigned> contiguousDim(linalg::LinalgOp op) {
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (output.getNumResults() == 0)
    return std::nullopt;
  auto last = dyn_cast<AffineDimExpr>(output.getResults().back());
  if (!last)
    return std::nullopt;
  unsigned dim = last.getPosition();
  for (AffineMap map : op.getIndexingMapsArray()) {
    for (auto [position, result] : llvm::enumerate(map.getResults())) {
      bool isLast = position + 1 == map.getNumResults();
      if (result.isFunctionOfDim(dim) &&
          !(isLast && isa<AffineDimExpr>(result)))
        return std::nullopt;
    }
  }
  return dim;
}

NestPlan planNest(linalg::LinalgOp op) {
  NestPlan plan;
  SmallVector<unsigned> parallel, reductions;
  auto iterators = op.getIteratorTypesArray();
  // Parallel dimensions in the order of the output, so that stores run along
  // memory.
  llvm::SmallBitVector seen(iterators.size());
  AffineMap output = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (AffineExpr result : output.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      if (iterators[dim.getPosition()] == utils::IteratorType::parallel &&
          !seen.test(dim.getPosition())) {
        seen.set(dim.getPosition());
        parallel.push_back(dim.getPosition());
      }
  for (auto [dim, type] : llvm::enumerate(iterators)) {
    if (type != utils::IteratorType::parallel)
      reductions.push_back(dim);
    else if (!seen.test(dim))
      parallel.insert(parallel.begin(), dim);
  }
  if (parallel.empty()) {
    plan.inner = reductions;
    plan.reductionsInnermost = true;
    return plan;
  }

  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  if (!reductions.empty()) {
    std::optional<unsigned> dim = contiguousDim(op);
    if (!dim || iterators[*dim] != utils::IteratorType::parallel ||
        sizes[*dim] == 1) {
      // Rows are reduced one by one.
      plan.parallel = parallel;
      plan.inner = reductions;
      plan.reductionsInnermost = true;
      return plan;
    }
    plan.blocked = *dim;
    llvm::erase(parallel, *dim);
    plan.parallel = parallel;
    plan.inner = reductions;
    return plan;
  }

  unsigned last = parallel.pop_back_val();
  if (parallel.empty()) {
    plan.blocked = last;
    return plan;
  }
  // A task is at least a line, and more where lines are short.
  plan.inner.push_back(last);
  int64_t line = sizes[last];
  while (parallel.size() > 1 &&
         (parallel.size() > 3 || (!ShapedType::isDynamic(line) && line < 64))) {
    unsigned dim = parallel.pop_back_val();
    plan.inner.insert(plan.inner.begin(), dim);
    line = ShapedType::isDynamic(sizes[dim]) ? sizes[dim] : line * sizes[dim];
  }
  plan.parallel = parallel;
  return plan;
}

/// Builds the loops of one op.
class NestBuilder {
public:
  NestBuilder(RewriterBase &rewriter, linalg::LinalgOp op, NestPlan plan)
      : rewriter(rewriter), op(op), loc(op.getLoc()), plan(std::move(plan)) {}

  void build() {
    ranges = op.createLoopRanges(rewriter, loc);
    ivs.resize(ranges.size());
    zero = arith::ConstantIndexOp::create(rewriter, loc, 0);
    one = arith::ConstantIndexOp::create(rewriter, loc, 1);
    SmallVector<Value> lower, upper, step;
    for (unsigned dim : plan.parallel) {
      lower.push_back(zero);
      upper.push_back(bound(dim));
      step.push_back(one);
    }
    Value block;
    if (plan.blocked) {
      block = arith::ConstantIndexOp::create(rewriter, loc, blockSize);
      lower.push_back(zero);
      upper.push_back(bound(*plan.blocked));
      step.push_back(block);
    }
    if (!lower.empty()) {
      auto loop = scf::ParallelOp::create(rewriter, loc, lower, upper, step);
      rewriter.setInsertionPointToStart(loop.getBody());
      for (auto [index, dim] : llvm::enumerate(plan.parallel))
        ivs[dim] = loop.getInductionVars()[index];
      if (plan.blocked) {
        blockStart = loop.getInductionVars().back();
        Value end = arith::AddIOp::create(rewriter, loc, blockStart, block);
        blockEnd = arith::MinSIOp::create(rewriter, loc, end, upper.back());
      }
    }
    SmallVector<Value> carried;
    for (OpOperand &init : op.getDpsInitsMutable())
      if (isCarried(init))
        carried.push_back(load(init));
    SmallVector<Value> results = buildInner(0, carried);
    for (OpOperand &init : llvm::reverse(op.getDpsInitsMutable()))
      if (isCarried(init))
        store(results.pop_back_val(), init);
  }

private:
  Value bound(unsigned dim) {
    return getValueOrCreateConstantIndexOp(rewriter, loc, ranges[dim].size);
  }

  SmallVector<Value> indices(OpOperand &operand) {
    SmallVector<Value> result;
    AffineMap map = op.getMatchingIndexingMap(&operand);
    for (AffineExpr expr : map.getResults())
      result.push_back(evaluate(expr));
    return result;
  }

  // Index arithmetic is emitted as such: going through affine.apply would cost
  // another pass over every kernel.
  Value evaluate(AffineExpr expr) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      return ivs[dim.getPosition()];
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      return arith::ConstantIndexOp::create(rewriter, loc, constant.getValue());
    return affine::expandAffineExpr(rewriter, loc, expr, ivs, {});
  }

  /// The element of `init` is the same in all iterations of the sequential
  /// loops: it is loaded before them and stored after.
  bool isCarried(OpOperand &init) {
    AffineMap map = op.getMatchingIndexingMap(&init);
    return plan.reductionsInnermost &&
           llvm::none_of(plan.inner, [&](unsigned dim) {
             return map.isFunctionOfDim(dim);
           });
  }

  Value load(OpOperand &operand) {
    return memref::LoadOp::create(rewriter, loc, operand.get(),
                                  indices(operand));
  }
  void store(Value value, OpOperand &init) {
    memref::StoreOp::create(rewriter, loc, value, init.get(), indices(init));
  }

  /// The sequential loops from `level`, innermost the body.
  SmallVector<Value> buildInner(unsigned level, ArrayRef<Value> carried) {
    if (level < plan.inner.size())
      return loopOver(plan.inner[level], zero, bound(plan.inner[level]),
                      carried, [&](ArrayRef<Value> values) {
                        return buildInner(level + 1, values);
                      });
    if (plan.blocked)
      return loopOver(*plan.blocked, blockStart, blockEnd, carried,
                      [&](ArrayRef<Value> values) { return body(values); });
    return body(carried);
  }

  SmallVector<Value>
  loopOver(unsigned dim, Value lower, Value upper, ArrayRef<Value> carried,
           function_ref<SmallVector<Value>(ArrayRef<Value>)> build) {
    auto loop = scf::ForOp::create(rewriter, loc, lower, upper, one, carried);
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPointToStart(loop.getBody());
    ivs[dim] = loop.getInductionVar();
    SmallVector<Value> results =
        build(llvm::to_vector_of<Value>(loop.getRegionIterArgs()));
    if (!carried.empty()) // otherwise the loop has its terminator
      scf::YieldOp::create(rewriter, loc, results);
    return llvm::to_vector_of<Value>(loop.getResults());
  }

  /// The scalar computation of one point. Gives the new values of what is
  /// carried, and stores the other outputs.
  SmallVector<Value> body(ArrayRef<Value> carried) {
    Block *block = op.getBlock();
    IRMapping mapping;
    for (OpOperand *input : op.getDpsInputOperands()) {
      BlockArgument argument = op.getMatchingBlockArgument(input);
      if (!argument.use_empty())
        mapping.map(argument, isa<MemRefType>(input->get().getType())
                                  ? load(*input)
                                  : input->get());
    }
    for (OpOperand &init : op.getDpsInitsMutable()) {
      BlockArgument argument = op.getMatchingBlockArgument(&init);
      if (isCarried(init)) {
        mapping.map(argument, carried.front());
        carried = carried.drop_front();
      } else if (!argument.use_empty()) {
        mapping.map(argument, load(init));
      }
    }
    for (Operation &inner : block->without_terminator()) {
      if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
        mapping.map(index.getResult(), ivs[index.getDim()]);
        continue;
      }
      Operation *clone = rewriter.clone(inner, mapping);
      clone->walk([&](linalg::IndexOp index) {
        rewriter.replaceOp(index, ivs[index.getDim()]);
      });
    }
    SmallVector<Value> results;
    for (auto [init, value] : llvm::zip_equal(
             op.getDpsInitsMutable(), block->getTerminator()->getOperands())) {
      Value result = mapping.lookupOrDefault(value);
      if (isCarried(init))
        results.push_back(result);
      else
        store(result, init);
    }
    return results;
  }

  RewriterBase &rewriter;
  linalg::LinalgOp op;
  Location loc;
  NestPlan plan;
  SmallVector<Range> ranges;
  SmallVector<Value> ivs;
  Value zero, one, blockStart, blockEnd;
};

struct LinalgToLoops : impl::LinalgToLoopsPassBase<LinalgToLoops> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies) {
      rewriter.setInsertionPoint(copy);
      rewriter.replaceOpWithNewOp<linalg::CopyOp>(copy, copy.getSource(),
                                                  copy.getTarget());
    }
    SmallVector<linalg::LinalgOp> ops;
    getOperation()->walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    for (linalg::LinalgOp op : ops) {
      if (!op.hasPureBufferSemantics()) {
        op.emitError("is not on buffers: bufferize before making loops");
        return signalPassFailure();
      }
      rewriter.setInsertionPoint(op);
      NestBuilder(rewriter, op, planNest(op)).build();
      rewriter.eraseOp(op);
    }
  }
};
} // namespace
} // namespace jarana::cpu
