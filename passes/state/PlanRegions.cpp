// What the regions of ops read: indices of loops, values from outside, and
// elements of other tensors; and loops that go through the sequence in order.
#include "passes/state/Analysis.h"
#include "passes/state/Element.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace jarana::state {

/// The role of the size of a loop.
SizeRole Analysis::roleOfLoop(Operation *op, unsigned loop) {
  auto linalgOp = cast<linalg::LinalgOp>(op);
  AffineExpr dim = getAffineDimExpr(loop, op->getContext());
  for (OpOperand &operand : op->getOpOperands())
    if (isa<RankedTensorType>(operand.get().getType()))
      for (auto [axis, expr] : llvm::enumerate(
               linalgOp.getMatchingIndexingMap(&operand).getResults()))
        if (expr == dim)
          return sizes.roleOf(operand.get(), axis);
  return SizeRole::Other;
}

/// Whether index i of a loop is position i of what the loop is computed for.
bool Analysis::isPosition(Operation *op, const Plan &plan, unsigned loop) {
  return plan.loops[loop].kind != Kind::Plain && plan.loops[loop].inner == 1 &&
         roleOfLoop(op, loop) == SizeRole::Sequence;
}

bool Analysis::planIndices(Operation *op, Plan &plan,
                           const llvm::DenseSet<Value> &used) {
  WalkResult walked = op->walk([&](linalg::IndexOp index) {
    if (plan.loops[index.getDim()].kind == Kind::Plain ||
        !used.contains(index.getResult()))
      return WalkResult::advance();
    bool flat = useOfOperands(plan, plan.loops) == Use::Check &&
                plan.loops[index.getDim()].inner == 1;
    if (!isPosition(op, plan, index.getDim())) {
      if (!flat)
        return WalkResult::interrupt();
      plan.flat.push_back(index.getDim());
    }
    actions[op] = Action::Position;
    return WalkResult::advance();
  });
  return !walked.wasInterrupted() ||
         refuse(op, "computes with an index that is not a position alone");
}

/// An index into an axis with positions that goes with the op's own loops: as a
/// loop over the same axis does, or as row * length + position.
std::optional<Plan::Read> Analysis::findRead(Operation *op, const Plan &plan,
                                             OpOperand &index, SizeRole role) {
  SmallVector<Linear> loops;
  for (unsigned loop = 0; loop < plan.loops.size(); ++loop)
    loops.push_back(Linear::variable(loop));
  Elements elements(sizes, Linear::variable(plan.loops.size()));
  auto place =
      elements.inBody(cast<linalg::LinalgOp>(op), index.get(), loops).integer;
  if (!place)
    return std::nullopt;
  for (unsigned loop = 0; loop < loops.size(); ++loop) {
    if (plan.loops[loop].kind == Kind::Plain)
      continue;
    if (place == loops[loop] && roleOfLoop(op, loop) == role)
      return Plan::Read{&index, loop, std::nullopt};
    if (role != SizeRole::Folded || !isPosition(op, plan, loop))
      continue;
    for (unsigned row = 0; row < loops.size(); ++row)
      if (plan.loops[row].kind == Kind::Plain &&
          place == loops[loop] + Linear::variable(row + Linear::timesLength))
        return Plan::Read{&index, loop, row};
  }
  return std::nullopt;
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
  for (OpOperand &use : tensor.getUses()) {
    if (!op->isProperAncestor(use.getOwner()))
      continue;
    auto extract = dyn_cast<tensor::ExtractOp>(use.getOwner());
    if (!extract)
      return refuse(op, "mixes positions: it reads other positions of a "
                        "tensor");
    for (int64_t axis : along) {
      auto read = findRead(op, plan, extract.getIndicesMutable()[axis],
                           sizes.roleOf(tensor, axis));
      if (!read)
        return refuse(op, "mixes positions: it gathers along the sequence");
      Axis wanted = plan.loops[read->loop];
      if (need.axes[axis].kind != Kind::Plain && need.axes[axis] != wanted)
        return refuse(op, "gathers at positions of two kinds");
      need.axes[axis] = wanted;
      plan.reads.push_back(*read);
    }
  }
  return true;
}

/// What the results of a region depend on, but for these reads' indices.
static llvm::DenseSet<Value> usedInBody(Operation *op,
                                        ArrayRef<Plan::Read> without) {
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
                         [&](auto &read) { return read.index == &operand; }))
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
  llvm::DenseSet<Value> used = usedInBody(op, plan.reads);
  if (!planIndices(op, plan, used))
    return false;
  if (auto generic = dyn_cast<linalg::GenericOp>(op);
      generic && !plan.reads.empty())
    for (OpOperand *input : generic.getDpsInputOperands())
      if (!used.contains(generic.getMatchingBlockArgument(input)))
        plan.unread.push_back(input->getOperandNumber());
  if (use == Use::Check)
    return true;
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
