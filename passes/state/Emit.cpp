// The ops of a derived function.
#include "dialects/hybrid/Hybrid.h"
#include "passes/state/Build.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace jarana::state {

/// Pure ops in the region that nothing uses.
static void eraseUnused(Operation *op) {
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : llvm::make_early_inc_range(llvm::reverse(block)))
        if (isOpTriviallyDead(&inner))
          inner.erase();
}

void Build::emit(Operation *op, const Plan &plan) {
  auto mixer = dyn_cast<hybrid::SequenceMixerOpInterface>(op);
  if (mixer && !mixer.getContextOperands().empty())
    return emitContinuation(op, plan);
  if (mixer)
    return emitScan(op, plan);
  if (isa<scf::ForOp>(op) && !isPlain(plan.demand.axes))
    return emitLoop(op, plan);
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::EmptyOp>(op))
    return emitShape(op, plan);
  if (isa<tensor::ExtractSliceOp>(op))
    return emitSlice(op, plan);
  if (isa<tensor::InsertSliceOp>(op))
    return emitInsert(op, plan);
  emitClone(op, plan);
}

/// What the regions of an op use from outside.
IRMapping Build::mapCaptured(Operation *op, const Plan &plan) {
  IRMapping mapping;
  for (const auto &[value, need] : plan.captured)
    mapping.map(value, get(value, need.axes));
  for (Region &region : op->getRegions())
    region.walk([&](Operation *inner) {
      for (Value value : inner->getOperands())
        if (!mapping.contains(value) &&
            value.getParentRegion() == op->getParentRegion() &&
            sizes.isShapeArithmetic(value))
          mapping.map(value, scalar(value, Kind::Context));
    });
  return mapping;
}

/// The same op on other operands.
void Build::emitClone(Operation *op, const Plan &plan) {
  IRMapping mapping = mapCaptured(op, plan);
  SmallVector<Value> operands;
  for (auto [index, need] : llvm::enumerate(plan.operands)) {
    Value operand = op->getOperand(index);
    if (llvm::is_contained(plan.unread, index))
      operands.push_back(operand);
    else
      operands.push_back(need ? get(operand, need->axes)
                              : scalar(operand, Kind::Context));
  }
  Operation *copy = b.clone(*op, mapping);
  copy->setOperands(operands);
  OpResult result = copy->getResult(plan.result);
  if (auto style = dyn_cast<DestinationStyleOpInterface>(copy)) {
    for (OpResult each : copy->getResults())
      each.setType(style.getTiedOpOperand(each)->get().getType());
  } else if (!isPlain(plan.demand.axes)) {
    result.setType(
        typeOf(op->getResult(plan.result), normal(plan.demand.axes)));
  }
  if (!plan.loops.empty())
    placeLoops(copy, plan, mapping);
  set(op->getResult(plan.result), plan.demand.axes, result);
}

/// Indices of loops become positions, but where a sequence is read at the
/// position of a loop, which holds what the loop holds.
void Build::placeLoops(Operation *copy, const Plan &plan,
                       const IRMapping &mapping) {
  OpBuilder::InsertionGuard guard(b);
  SmallVector<linalg::IndexOp> indices;
  copy->walk([&](linalg::IndexOp index) { indices.push_back(index); });
  for (linalg::IndexOp index : indices) {
    b.setInsertionPoint(copy);
    Value first = offset(plan.loops[index.getDim()].kind);
    if (!first)
      continue;
    Value count = lengthValue(plan.loops[index.getDim()].kind);
    b.setInsertionPointAfter(index);
    if (!llvm::is_contained(plan.flat, index.getDim())) {
      auto position = arith::AddIOp::create(b, index.getLoc(), index, first);
      index.getResult().replaceAllUsesExcept(position, position);
      continue;
    }
    // row * all positions so far + position
    Value row = arith::DivUIOp::create(b, loc, index, count),
          place = arith::RemUIOp::create(b, loc, index, count),
          flat = arith::AddIOp::create(
              b, loc, arith::MulIOp::create(b, loc, row, total),
              arith::AddIOp::create(b, loc, place, first));
    llvm::SmallPtrSet<Operation *, 2> parts{row.getDefiningOp(),
                                            place.getDefiningOp()};
    index.getResult().replaceAllUsesExcept(flat, parts);
  }
  for (const Plan::Read &read : plan.reads) {
    Operation *reader =
        mapping.lookup(read.index->getOwner()->getResult(0)).getDefiningOp();
    b.setInsertionPoint(copy);
    Value count = read.row ? lengthValue(plan.loops[read.loop].kind) : Value();
    b.setInsertionPoint(reader);
    Value place = linalg::IndexOp::create(b, loc, read.loop);
    if (read.row)
      place = arith::AddIOp::create(
          b, loc, place,
          arith::MulIOp::create(
              b, loc, linalg::IndexOp::create(b, loc, *read.row), count));
    reader->setOperand(read.index->getOperandNumber(), place);
  }
  // What is not used any more may be values of main: they go.
  eraseUnused(copy);
  auto generic = dyn_cast<linalg::GenericOp>(copy);
  for (unsigned input : llvm::reverse(plan.unread)) {
    SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
    maps.erase(maps.begin() + input);
    generic.getRegion().front().eraseArgument(input);
    generic.getInputsMutable().erase(input);
    generic.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
  }
}

/// A loop over all positions so far; what is wanted of its results is cut out.
void Build::emitLoop(Operation *op, const Plan &plan) {
  auto &made = loops[op];
  if (made.empty()) {
    IRMapping mapping = mapCaptured(op, plan);
    SmallVector<Value> operands;
    for (auto [index, need] : llvm::enumerate(plan.operands))
      operands.push_back(need ? get(op->getOperand(index), need->axes)
                              : scalar(op->getOperand(index), Kind::Context));
    Operation *copy = b.clone(*op, mapping);
    copy->setOperands(operands);
    made = llvm::to_vector_of<Value>(copy->getResults());
  }
  Value result = op->getResult(plan.result), all = made[plan.result];
  SmallVector<OpFoldResult> lengths = tensor::getMixedSizes(b, loc, all),
                            offsets(lengths.size(), b.getIndexAttr(0)),
                            strides(lengths.size(), b.getIndexAttr(1));
  for (auto [axis, wanted] : llvm::enumerate(plan.demand.axes)) {
    Value first = offset(wanted.kind);
    if (!first)
      continue;
    offsets[axis] = first;
    lengths[axis] = length(wanted.kind);
  }
  set(result, plan.demand.axes,
      tensor::ExtractSliceOp::create(b, loc,
                                     typeOf(result, normal(plan.demand.axes)),
                                     all, offsets, lengths, strides));
}

void Build::emitShape(Operation *op, const Plan &plan) {
  Value result = op->getResult(0);
  RankedTensorType type = typeOf(result, normal(plan.demand.axes));
  auto sizesOf = [&](ArrayRef<OpFoldResult> old) {
    SmallVector<OpFoldResult> made;
    for (auto [axis, dim] : llvm::enumerate(old))
      made.push_back(size(dim, plan.demand.axes[axis].kind));
    return made;
  };
  if (auto empty = dyn_cast<tensor::EmptyOp>(op)) {
    set(result, plan.demand.axes,
        tensor::EmptyOp::create(b, loc, sizesOf(empty.getMixedSizes()),
                                type.getElementType()));
    return;
  }
  Value source = get(op->getOperand(0), plan.operands[0]->axes);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    auto groups = expand.getReassociationIndices();
    auto from = tensor::CollapseShapeOp::inferCollapsedType(
        type, expand.getReassociationMaps());
    set(result, plan.demand.axes,
        tensor::ExpandShapeOp::create(b, loc, type, as(source, from), groups,
                                      sizesOf(expand.getMixedOutputShape())));
    return;
  }
  auto collapse = cast<tensor::CollapseShapeOp>(op);
  set(result, plan.demand.axes,
      tensor::CollapseShapeOp::create(b, loc, source,
                                      collapse.getReassociationIndices()));
}

void Build::emitSlice(Operation *op, const Plan &plan) {
  auto slice = cast<tensor::ExtractSliceOp>(op);
  llvm::SmallBitVector dropped = slice.getDroppedDims();
  SmallVector<OpFoldResult> offsets, lengths;
  unsigned result = 0;
  for (int64_t axis = 0; axis < slice.getSourceType().getRank(); ++axis) {
    Kind wanted = dropped[axis] ? Kind::Plain : plan.demand.axes[result++].kind;
    OpFoldResult start = slice.getMixedOffsets()[axis],
                 count = slice.getMixedSizes()[axis];
    bool fromSequence = plan.operands[0]->axes[axis].kind != Kind::Plain;
    if (fromSequence) {
      // All of it, or the last position, which alone is there.
      offsets.push_back(b.getIndexAttr(0));
      lengths.push_back(wanted == Kind::Plain ? count : size(count, wanted));
    } else if (wanted != Kind::Plain) {
      Value first = offset(wanted);
      OpFoldResult base = size(start, Kind::Plain);
      offsets.push_back(base);
      if (first)
        offsets.back() =
            isZeroInteger(base)
                ? first
                : arith::AddIOp::create(
                      b, loc, getValueOrCreateConstantIndexOp(b, loc, base),
                      first)
                      .getResult();
      lengths.push_back(length(wanted));
      int64_t table = slice.getSourceType().getDimSize(axis);
      if (!ShapedType::isDynamic(table))
        require(arith::CmpIOp::create(
                    b, loc, arith::CmpIPredicate::sle,
                    arith::AddIOp::create(
                        b, loc, total,
                        getValueOrCreateConstantIndexOp(b, loc, base)),
                    constant(table)),
                "there are more positions than the " + Twine(table) +
                    " of the table that node '" + hybrid::nodeName(op) +
                    "' reads");
    } else {
      offsets.push_back(size(start, Kind::Plain));
      lengths.push_back(size(count, Kind::Plain));
    }
  }
  set(slice.getResult(), plan.demand.axes,
      tensor::ExtractSliceOp::create(
          b, loc, typeOf(slice.getResult(), normal(plan.demand.axes)),
          get(slice.getSource(), plan.operands[0]->axes), offsets, lengths,
          slice.getMixedStrides()));
}

void Build::emitInsert(Operation *op, const Plan &plan) {
  auto insert = cast<tensor::InsertSliceOp>(op);
  SmallVector<OpFoldResult> offsets, lengths;
  for (int64_t axis = 0; axis < insert.getDestType().getRank(); ++axis) {
    Kind wanted = plan.demand.axes[axis].kind;
    offsets.push_back(size(insert.getMixedOffsets()[axis], Kind::Plain));
    lengths.push_back(size(insert.getMixedSizes()[axis], wanted));
  }
  set(insert.getResult(), plan.demand.axes,
      tensor::InsertSliceOp::create(
          b, loc, get(insert.getSource(), plan.operands[0]->axes),
          get(insert.getDest(), plan.operands[1]->axes), offsets, lengths,
          insert.getMixedStrides()));
}

} // namespace jarana::state
