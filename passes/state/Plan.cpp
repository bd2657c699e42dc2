// How each kind of op gives some positions of its results from positions of its
// operands.
#include "dialects/hybrid/Hybrid.h"
#include "passes/state/Analysis.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#include <map>

using namespace mlir;

namespace jarana::state {
namespace {

/// All positions hold the condition.
bool isConjunction(linalg::LinalgOp op) {
  Operation *yield = op.getBlock()->getTerminator();
  return yield->getNumOperands() == 1 &&
         yield->getOperand(0).getDefiningOp<arith::AndIOp>();
}

} // namespace

bool Analysis::planLinalg(Operation *op, Plan &plan) {
  auto linalgOp = cast<linalg::LinalgOp>(op);
  plan.loops.resize(linalgOp.getNumLoops());
  SmallVector<bool> set(plan.loops.size());
  OpOperand *init = linalgOp.getDpsInitOperand(plan.result);
  AffineMap map = linalgOp.getMatchingIndexingMap(init);
  for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
    Axis wanted = plan.demand.axes[axis];
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim) {
      if (wanted.kind != Kind::Plain)
        return refuse(op, "writes positions in an order of its own");
      continue;
    }
    unsigned loop = dim.getPosition();
    if (set[loop] && plan.loops[loop] != wanted)
      return refuse(op, "uses one loop for two axes");
    plan.loops[loop] = wanted;
    set[loop] = true;
  }
  if (!planReductions(op, plan, set))
    return false;

  Use use = useOfOperands(plan, plan.loops);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType())) {
      if (!sizes.isShapeArithmetic(operand.get()))
        plan.operands[operand.getOperandNumber()] = Demand{{}, use};
      else if (sizes.roleOf(operand.get()) != SizeRole::Plain &&
               use != Use::Check)
        return refuse(op, "computes with the length of the whole sequence");
      continue;
    }
    Demand need{{}, use};
    AffineMap reads = linalgOp.getMatchingIndexingMap(&operand);
    for (auto [axis, expr] : llvm::enumerate(reads.getResults())) {
      Axis from;
      if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
        from = plan.loops[dim.getPosition()];
      } else {
        bool along = false;
        expr.walk([&](AffineExpr part) {
          if (auto dim = dyn_cast<AffineDimExpr>(part))
            along |= plan.loops[dim.getPosition()].kind != Kind::Plain;
        });
        if (along)
          return refuse(op, "mixes positions: it reads a window along the "
                            "sequence");
      }
      need.axes.push_back(from);
    }
    plan.operands[operand.getOperandNumber()] = std::move(need);
  }
  return planRegions(op, plan);
}

/// Loops that no axis of the wanted result fixes.
bool Analysis::planReductions(Operation *op, Plan &plan,
                              SmallVectorImpl<bool> &set) {
  auto linalgOp = cast<linalg::LinalgOp>(op);
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()))
      continue;
    AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
    for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim || set[dim.getPosition()])
        continue;
      SizeRole role = sizes.roleOf(operand.get(), axis);
      if (role == SizeRole::Plain)
        continue;
      auto inner = plan.demand.use == Use::Check && isConjunction(linalgOp)
                       ? sizes.innerOf(operand.get(), axis)
                       : std::nullopt;
      if (!inner)
        return refuse(op, "mixes positions: it reduces over the sequence");
      plan.loops[dim.getPosition()] = {Kind::Query, *inner};
      set[dim.getPosition()] = true;
    }
  }
  return true;
}

/// Ops that name their dimensions by letters.
bool Analysis::planCompute(Operation *op, Plan &plan) {
  auto compute = cast<hybrid::ComputeOpInterface>(op);
  SmallVector<hybrid::NamedDims> dims = compute.getNamedDims();
  std::string loops = compute.getLoopNames(),
              carried = compute.getCarriedLoops();
  auto style = cast<DestinationStyleOpInterface>(op);
  unsigned init =
      style.getTiedOpOperand(op->getResult(plan.result))->getOperandNumber();
  std::map<char, Axis> axes;
  for (auto [letter, axis] : llvm::zip(dims[init].dims, plan.demand.axes)) {
    if (axis.kind == Kind::Plain)
      continue;
    if (loops.find(letter) == std::string::npos ||
        carried.find(letter) != std::string::npos)
      return refuse(op, "mixes positions: the sequence is a dimension that it "
                        "works across");
    axes[letter] = axis;
  }
  for (OpOperand &operand : op->getOpOperands()) {
    unsigned number = operand.getOperandNumber();
    Demand need{{}, useOfOperands(plan, plan.demand.axes)};
    for (auto [axis, letter] : llvm::enumerate(dims[number].dims)) {
      auto found = axes.find(llvm::toLower(letter));
      bool broadcast = llvm::isUpper(letter) &&
                       sizes.roleOf(operand.get(), axis) == SizeRole::Plain;
      need.axes.push_back(found == axes.end() || broadcast ? Axis()
                                                           : found->second);
    }
    plan.operands[number] = std::move(need);
  }
  return true;
}

bool Analysis::planExpand(Operation *op, Plan &plan) {
  auto expand = cast<tensor::ExpandShapeOp>(op);
  Demand need{{}, useOfOperands(plan, plan.demand.axes)};
  ArrayRef<int64_t> shape = expand.getResultType().getShape();
  for (const ReassociationIndices &group : expand.getReassociationIndices()) {
    Axis from;
    int64_t inner = 1;
    for (int64_t axis : llvm::reverse(group)) {
      Axis wanted = plan.demand.axes[axis];
      if (wanted.kind != Kind::Plain) {
        if (ShapedType::isDynamic(inner))
          return refuse(op, "reshapes the sequence together with a dimension "
                            "that is not known");
        from = {wanted.kind, wanted.inner * inner};
        inner = 1;
      } else if (ShapedType::isDynamic(inner) ||
                 ShapedType::isDynamic(shape[axis])) {
        inner = ShapedType::kDynamic;
      } else {
        inner *= shape[axis];
      }
    }
    need.axes.push_back(from);
  }
  plan.operands[0] = std::move(need);
  return true;
}

bool Analysis::planCollapse(Operation *op, Plan &plan) {
  auto collapse = cast<tensor::CollapseShapeOp>(op);
  Demand need{Axes(collapse.getSrcType().getRank()),
              useOfOperands(plan, plan.demand.axes)};
  ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
  for (auto [axis, group] :
       llvm::enumerate(collapse.getReassociationIndices())) {
    Axis wanted = plan.demand.axes[axis];
    if (wanted.kind == Kind::Plain)
      continue;
    int64_t inner = 1;
    for (int64_t source : llvm::reverse(group)) {
      if (sizes.roleOf(collapse.getSrc(), source) != SizeRole::Plain) {
        if (inner <= 0 || wanted.inner % inner != 0)
          return refuse(op, "reshapes the sequence in an order that is not "
                            "that of its positions");
        need.axes[source] = {wanted.kind, wanted.inner / inner};
        break;
      }
      inner = inner < 0 || ShapedType::isDynamic(shape[source])
                  ? ShapedType::kDynamic
                  : inner * shape[source];
    }
  }
  plan.operands[0] = std::move(need);
  return true;
}

bool Analysis::planExtractSlice(Operation *op, Plan &plan) {
  auto slice = cast<tensor::ExtractSliceOp>(op);
  Demand need{{}, useOfOperands(plan, plan.demand.axes)};
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  unsigned result = 0;
  for (int64_t axis = 0; axis < slice.getSourceType().getRank(); ++axis) {
    Axis wanted = dropped[axis] ? Axis() : plan.demand.axes[result++];
    OpFoldResult offset = slice.getMixedOffsets()[axis],
                 size = slice.getMixedSizes()[axis];
    SizeRole source = sizes.roleOf(slice.getSource(), axis);
    if (!isOneInteger(slice.getMixedStrides()[axis]) &&
        (source != SizeRole::Plain || wanted.kind != Kind::Plain))
      return refuse(op, "takes positions with a stride");
    if (source == SizeRole::Plain) {
      if (sizes.roleOf(offset) != SizeRole::Plain)
        return refuse(op, "starts at a position that depends on the length");
      // The beginning of a table with an entry per position.
      if (wanted.kind != Kind::Plain) {
        if (sizes.roleOf(size) != SizeRole::Sequence)
          return refuse(op, "cuts a table by more than the length");
        actions[op] = Action::Position;
      }
      need.axes.push_back({});
      continue;
    }
    if (wanted.kind != Kind::Plain) {
      if (!isZeroInteger(offset))
        return refuse(op, "mixes positions: it shifts the sequence");
      need.axes.push_back(wanted);
      continue;
    }
    if (!sizes.isLastPosition(offset) || !isOneInteger(size))
      return refuse(op, "mixes positions: it takes some of them");
    if (need.use != Use::Tail)
      return refuse(op, "mixes positions: others depend on the last one");
    need.axes.push_back({Kind::Last, 1});
  }
  plan.operands[0] = std::move(need);
  return true;
}

bool Analysis::planInsertSlice(Operation *op, Plan &plan) {
  auto insert = cast<tensor::InsertSliceOp>(op);
  Use use = useOfOperands(plan, plan.demand.axes);
  Demand source{{}, use};
  llvm::SmallBitVector dropped = insert.getDroppedDims();
  for (int64_t axis = 0; axis < insert.getDestType().getRank(); ++axis) {
    Axis wanted = plan.demand.axes[axis];
    OpFoldResult offset = insert.getMixedOffsets()[axis],
                 size = insert.getMixedSizes()[axis];
    if (wanted.kind != Kind::Plain) {
      if (dropped[axis] || !isZeroInteger(offset) ||
          !isOneInteger(insert.getMixedStrides()[axis]) ||
          sizes.roleOf(size) != sizes.roleOf(insert.getDest(), axis))
        return refuse(op, "mixes positions: it joins or shifts along the "
                          "sequence");
    } else if (sizes.roleOf(offset) != SizeRole::Plain ||
               sizes.roleOf(size) != SizeRole::Plain) {
      return refuse(op, "places positions into a dimension that is not the "
                        "sequence");
    }
    if (!dropped[axis])
      source.axes.push_back(wanted);
  }
  plan.operands[0] = std::move(source);
  plan.operands[1] = Demand{plan.demand.axes, use};
  return true;
}

bool Analysis::planElementwise(Operation *op, Plan &plan) {
  for (OpOperand &operand : op->getOpOperands()) {
    bool shaped = isa<RankedTensorType>(operand.get().getType());
    plan.operands[operand.getOperandNumber()] =
        Demand{shaped ? plan.demand.axes : Axes(),
               useOfOperands(plan, plan.demand.axes)};
  }
  if (!isa<RankedTensorType>(op->getResult(0).getType()))
    return planWhole(op, plan);
  return true;
}

/// Any other op is taken as it is, where it has nothing to do with the
/// sequence.
bool Analysis::planWhole(Operation *op, Plan &plan) {
  Use use = useOfOperands(plan, plan.demand.axes);
  auto need = [&](Value value) -> std::optional<Demand> {
    if (!sizes.isShapeArithmetic(value)) {
      auto type = dyn_cast<RankedTensorType>(value.getType());
      return Demand{Axes(type ? type.getRank() : 0), use};
    }
    return std::nullopt;
  };
  bool known = isPlain(plan.demand.axes);
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(op->getRegions(), used);
  for (Value value : llvm::concat<Value>(llvm::to_vector(op->getOperands()),
                                         llvm::to_vector(used))) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
      known &= sizes.roleOf(value, axis) == SizeRole::Plain;
    if (sizes.isShapeArithmetic(value) && use != Use::Check &&
        sizes.roleOf(value) != SizeRole::Plain)
      return refuse(op, "computes with the length of the whole sequence");
  }
  if (!known)
    return refuse(op, "acts on the sequence in a way that is not known");
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    plan.operands[index] = need(operand);
  for (Value value : used)
    if (auto wanted = need(value))
      plan.captured.push_back({value, *wanted});
  return true;
}

} // namespace jarana::state
