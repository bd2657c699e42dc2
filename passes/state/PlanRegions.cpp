// What the regions of ops read: indices of loops, values from outside, and
// elements of other tensors; and loops that go through the sequence in order.
#include "passes/state/Analysis.h"
#include "passes/state/Element.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace jarana::state {

/// Whether index i of a loop is position i of what the loop is computed for.
bool Analysis::isPosition(Operation *op, const Plan &plan, unsigned loop) {
  if (plan.loops[loop].kind == Kind::Plain || plan.loops[loop].inner != 1)
    return false;
  auto linalgOp = cast<linalg::LinalgOp>(op);
  for (OpOperand &operand : op->getOpOperands())
    if (isa<RankedTensorType>(operand.get().getType()))
      for (auto [axis, expr] : llvm::enumerate(
               linalgOp.getMatchingIndexingMap(&operand).getResults()))
        if (expr == getAffineDimExpr(loop, op->getContext()))
          return sizes.roleOf(operand.get(), axis) == SizeRole::Sequence;
  return false;
}

bool Analysis::planIndices(Operation *op, Plan &plan) {
  WalkResult walked = op->walk([&](linalg::IndexOp index) {
    if (plan.loops[index.getDim()].kind == Kind::Plain)
      return WalkResult::advance();
    if (!isPosition(op, plan, index.getDim()))
      return WalkResult::interrupt();
    actions[op] = Action::Position;
    return WalkResult::advance();
  });
  return !walked.wasInterrupted() ||
         refuse(op, "computes with an index that is not a position alone");
}

/// `tensor` is read in the region of `op`. Along the sequence that is only
/// known to be local where the index is the position of a loop.
bool Analysis::planReads(Operation *op, Plan &plan, Value tensor,
                         Demand &need) {
  auto type = cast<RankedTensorType>(tensor.getType());
  need.axes.resize(type.getRank());
  SmallVector<int64_t> along;
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (sizes.roleOf(tensor, axis) != SizeRole::Plain)
      along.push_back(axis);
  if (along.empty())
    return true;
  SmallVector<Linear> loops;
  for (unsigned loop = 0; loop < plan.loops.size(); ++loop)
    loops.push_back(Linear::variable(loop));
  Elements elements(sizes, Linear::variable(plan.loops.size()));
  for (OpOperand &use : tensor.getUses()) {
    if (!op->isProperAncestor(use.getOwner()))
      continue;
    auto extract = dyn_cast<tensor::ExtractOp>(use.getOwner());
    if (!extract)
      return refuse(op, "mixes positions: it reads other positions of a "
                        "tensor");
    for (int64_t axis : along) {
      OpOperand &index = extract.getIndicesMutable()[axis];
      Element place =
          elements.inBody(cast<linalg::LinalgOp>(op), index.get(), loops);
      std::optional<unsigned> found;
      for (unsigned loop = 0; loop < loops.size(); ++loop)
        if (place.integer == loops[loop] && isPosition(op, plan, loop))
          found = loop;
      if (!found)
        return refuse(op, "mixes positions: it gathers along the sequence");
      Axis axisOfLoop = plan.loops[*found];
      if (need.axes[axis].kind != Kind::Plain && need.axes[axis] != axisOfLoop)
        return refuse(op, "gathers at positions of two kinds");
      need.axes[axis] = axisOfLoop;
      plan.reads.push_back({&index, *found});
    }
  }
  return true;
}

/// What the results of a region depend on, but for the indices in `without`.
static llvm::DenseSet<Value>
usedInBody(Operation *op, ArrayRef<std::pair<OpOperand *, unsigned>> without) {
  llvm::DenseSet<Value> used;
  SmallVector<Operation *> work;
  for (Region &region : op->getRegions())
    for (Block &block : region)
      work.push_back(block.getTerminator());
  llvm::DenseSet<Operation *> seen;
  while (!work.empty()) {
    Operation *next = work.pop_back_val();
    if (!seen.insert(next).second)
      continue;
    // Ops with regions of their own are taken whole.
    next->walk([&](Operation *inner) {
      for (OpOperand &operand : inner->getOpOperands()) {
        if (llvm::any_of(without,
                         [&](auto &read) { return read.first == &operand; }))
          continue;
        used.insert(operand.get());
        if (Operation *definition = operand.get().getDefiningOp();
            definition && op->isProperAncestor(definition))
          work.push_back(definition);
      }
    });
  }
  return used;
}

/// Indices of loops, and values from outside.
bool Analysis::planRegions(Operation *op, Plan &plan) {
  if (op->getNumRegions() == 0)
    return true;
  Use use = useOfOperands(plan, plan.loops);
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured) {
    Demand need{{}, use};
    if (sizes.isShapeArithmetic(value) && value.getType().isIntOrIndex())
      continue;
    if (isa<RankedTensorType>(value.getType()) &&
        !planReads(op, plan, value, need))
      return false;
    plan.captured.push_back({value, need});
  }
  if (!planIndices(op, plan))
    return false;
  if (use == Use::Check)
    return true;
  llvm::DenseSet<Value> used = usedInBody(op, plan.reads);
  for (Value value : captured)
    if (used.contains(value) && sizes.isShapeArithmetic(value) &&
        sizes.roleOf(value) != SizeRole::Plain)
      return refuse(op, "computes with the length of the whole sequence");
  return true;
}

/// A loop over all positions in order, which reads the sequence at its own
/// position and writes it there, is computed for all positions so far: the
/// later ones change nothing. (A running sum of the mask.)
bool Analysis::planLoop(Operation *op, Plan &plan) {
  auto loop = cast<scf::ForOp>(op);
  auto unknown = [&] {
    return refuse(op, "acts on the sequence in a way that is not known");
  };
  if (!matchPattern(loop.getLowerBound(), m_Zero()) ||
      !matchPattern(loop.getStep(), m_One()) ||
      sizes.roleOf(loop.getUpperBound()) != SizeRole::Sequence)
    return unknown();
  Value position = loop.getInductionVar();
  // A slice that is one position, the loop's.
  auto isHere = [&](OffsetSizeAndStrideOpInterface slice, Value sequence) {
    auto type = cast<RankedTensorType>(sequence.getType());
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      bool along = sizes.roleOf(sequence, axis) != SizeRole::Plain;
      OpFoldResult offset = slice.getMixedOffsets()[axis];
      if (along && (sizes.roleOf(sequence, axis) != SizeRole::Sequence ||
                    offset != OpFoldResult(position) ||
                    !isOneInteger(slice.getMixedSizes()[axis])))
        return false;
    }
    return true;
  };
  auto isSequence = [&](Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
      if (sizes.roleOf(value, axis) != SizeRole::Plain)
        return true;
    return false;
  };
  auto contextOf = [&](Value value) {
    Demand need{{}, useOfOperands(plan, plan.demand.axes)};
    if (need.use == Use::Tail)
      need.use = Use::Rows;
    auto type = dyn_cast<RankedTensorType>(value.getType());
    for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
      need.axes.push_back({sizes.roleOf(value, axis) == SizeRole::Plain
                               ? Kind::Plain
                               : Kind::Context,
                           1});
    return need;
  };
  for (auto [init, carried, yielded] :
       llvm::zip(loop.getInitArgs(), loop.getRegionIterArgs(),
                 loop.getYieldedValues())) {
    if (!isSequence(init))
      continue;
    auto insert = yielded.getDefiningOp<tensor::InsertSliceOp>();
    auto slices = dyn_cast_if_present<OffsetSizeAndStrideOpInterface>(
        insert.getOperation());
    if (!insert || insert.getDest() != carried || !carried.hasOneUse() ||
        !isHere(slices, init))
      return unknown();
  }
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  for (Value value : captured) {
    if (sizes.isShapeArithmetic(value)) {
      if (sizes.roleOf(value) != SizeRole::Plain)
        return refuse(op, "computes with the length of the whole sequence");
      continue;
    }
    if (isSequence(value))
      for (Operation *user : value.getUsers()) {
        auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
        bool inside = op->isProperAncestor(user);
        if (inside && (!slice || !isHere(slice, value)))
          return unknown();
      }
    plan.captured.push_back({value, contextOf(value)});
  }
  for (OpOperand &init : loop.getInitArgsMutable())
    plan.operands[init.getOperandNumber()] = contextOf(init.get());
  actions[op] = Action::Position;
  return true;
}

} // namespace jarana::state
