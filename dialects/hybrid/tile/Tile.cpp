// Tiling of all compute ops, from their loop nests.
//
// A carried loop (the sequence of a scan) is a `reduction` iterator: its tiles
// are run in order, y is cut along it, and the state, which it does not cut, is
// handed on whole by the loop that upstream's tiling makes.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hybrid;
using namespace mlir::hybrid::detail;

/// The operand that result number `result` is tied to.
static unsigned initOf(ComputeOpInterface op, unsigned result) {
  auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
  return op->getNumOperands() - destination.getNumDpsInits() + result;
}

static FoldVector mixedSizes(OpBuilder &builder, Location loc, Value value) {
  FoldVector sizes;
  for (int64_t dim = 0, rank = cast<ShapedType>(value.getType()).getRank();
       dim < rank; ++dim)
    sizes.push_back(linalg::createFoldedDimOp(builder, loc, value, dim));
  return sizes;
}

SmallVector<utils::IteratorType>
hybrid::detail::getLoopIteratorTypes(ComputeOpInterface op) {
  return llvm::map_to_vector(op.getLoopNest().loops,
                             [](const Loop &loop) { return loop.iterator; });
}

SmallVector<Range> hybrid::detail::getIterationDomain(ComputeOpInterface op,
                                                      OpBuilder &builder) {
  SmallVector<Range> domain;
  for (const Loop &loop : op.getLoopNest().loops)
    domain.push_back(
        {builder.getIndexAttr(0),
         linalg::createFoldedDimOp(builder, op.getLoc(),
                                   op->getOperand(loop.operand), loop.dim),
         builder.getIndexAttr(1)});
  return domain;
}

/// The part of `value` that the tile of the loops at `offsets` uses.
static void cutOperand(OpBuilder &builder, Location loc, Value value,
                       ArrayRef<DimCut> cuts, Folds offsets, Folds sizes,
                       FoldVector &cutOffsets, FoldVector &cutSizes) {
  cutSizes = mixedSizes(builder, loc, value);
  cutOffsets.assign(cuts.size(), builder.getIndexAttr(0));
  for (auto [dim, cut] : llvm::enumerate(cuts)) {
    if (cut.loop < 0)
      continue;
    if (cut.scale == 1) {
      cutOffsets[dim] = offsets[cut.loop];
      cutSizes[dim] = sizes[cut.loop];
      continue;
    }
    // The last panel may stand out over the end of the dimension.
    AffineExpr d0, d1;
    bindDims(builder.getContext(), d0, d1);
    OpFoldResult offset = affine::makeComposedFoldedAffineApply(
        builder, loc, d0 * cut.scale, {offsets[cut.loop]});
    OpFoldResult rest = affine::makeComposedFoldedAffineApply(
        builder, loc, d0 - d1, {cutSizes[dim], offset});
    OpFoldResult full = affine::makeComposedFoldedAffineApply(
        builder, loc, d0 * cut.scale, {sizes[cut.loop]});
    cutSizes[dim] = affine::makeComposedFoldedAffineMin(
        builder, loc,
        AffineMap::getMultiDimIdentityMap(2, builder.getContext()),
        {rest, full});
    cutOffsets[dim] = offset;
  }
}

FailureOr<TilingResult> hybrid::detail::getTiledImplementation(
    ComputeOpInterface op, OpBuilder &builder, Folds offsets, Folds sizes) {
  Location loc = op.getLoc();
  LoopNest nest = op.getLoopNest();
  // A slice of nothing does not verify: the window of a convolution by one
  // position cannot be handed on.
  if (llvm::any_of(op->getOperandTypes(), [](Type type) {
        return llvm::is_contained(cast<ShapedType>(type).getShape(), 0);
      }))
    return failure();
  SmallVector<Value> operands;
  SmallVector<Operation *> slices;
  for (auto [value, cuts] : llvm::zip_equal(op->getOperands(), nest.operands)) {
    if (llvm::none_of(cuts, [](const DimCut &cut) { return cut.loop >= 0; })) {
      operands.push_back(value);
      continue;
    }
    FoldVector cutOffsets, cutSizes,
        strides(cuts.size(), builder.getIndexAttr(1));
    cutOperand(builder, loc, value, cuts, offsets, sizes, cutOffsets, cutSizes);
    Operation *slice;
    if (isa<RankedTensorType>(value.getType()))
      slice = tensor::ExtractSliceOp::create(builder, loc, value, cutOffsets,
                                             cutSizes, strides);
    else
      slice = memref::SubViewOp::create(builder, loc, value, cutOffsets,
                                        cutSizes, strides);
    slices.push_back(slice);
    operands.push_back(slice->getResult(0));
  }
  Operation *tile = op.createTile(builder, operands, offsets);
  if (!tile)
    return failure();
  return TilingResult{
      {tile}, llvm::to_vector_of<Value>(tile->getResults()), slices};
}

LogicalResult hybrid::detail::getResultTilePosition(
    ComputeOpInterface op, OpBuilder &builder, unsigned result, Folds offsets,
    Folds sizes, FoldVector &resultOffsets, FoldVector &resultSizes) {
  unsigned init = initOf(op, result);
  cutOperand(builder, op.getLoc(), op->getOperand(init),
             op.getLoopNest().operands[init], offsets, sizes, resultOffsets,
             resultSizes);
  return success();
}

/// The value that has the shape of `value`: results have that of their inits.
/// Tiling works on copies of an op, so the results themselves do not compare.
static Value shapeSource(Value value) {
  while (auto result = dyn_cast<OpResult>(value)) {
    auto destination = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
    if (!destination)
      break;
    value = destination.getTiedOpOperand(result)->get();
  }
  return value;
}

/// Whether `size` is known to be the size of dimension `dim` of the operand
/// with number `operand`: the same number, or a `dim` op on that operand or on
/// another one that the same loop cuts.
static bool isFullSize(ComputeOpInterface op, const LoopNest &nest,
                       unsigned operand, unsigned dim, OpFoldResult size) {
  int64_t known =
      cast<ShapedType>(op->getOperand(operand).getType()).getDimSize(dim);
  if (std::optional<int64_t> constant = getConstantIntValue(size))
    return *constant == known;
  auto dimOp =
      dyn_cast_if_present<tensor::DimOp>(cast<Value>(size).getDefiningOp());
  if (!dimOp || !dimOp.getConstantIndex())
    return false;
  int64_t index = *dimOp.getConstantIndex();
  Value source = shapeSource(dimOp.getSource());
  for (auto [number, value] : llvm::enumerate(op->getOperands())) {
    if (shapeSource(value) != source ||
        index >= static_cast<int64_t>(nest.operands[number].size()))
      continue;
    int loop = nest.operands[operand][dim].loop;
    if (number == operand
            ? index == dim
            : loop >= 0 && nest.operands[number][index].loop == loop)
      return true;
  }
  return false;
}

static bool isWhole(ComputeOpInterface op, const LoopNest &nest,
                    unsigned operand, unsigned dim, OpFoldResult offset,
                    OpFoldResult size) {
  return isConstantIntValue(offset, 0) &&
         isFullSize(op, nest, operand, dim, size);
}

/// The tile of the loops that a tile of an operand needs; `offsets` and `sizes`
/// of it are empty for loops that the operand does not say anything about.
/// `wholeOnly`: a dimension that no loop cuts must be whole.
static LogicalResult domainOf(ComputeOpInterface op, const LoopNest &nest,
                              unsigned operand, Folds offsets, Folds sizes,
                              bool wholeOnly, FoldVector &domainOffsets,
                              FoldVector &domainSizes) {
  for (auto [dim, cut] : llvm::enumerate(nest.operands[operand])) {
    bool whole = isWhole(op, nest, operand, dim, offsets[dim], sizes[dim]);
    if (cut.loop < 0) {
      if (wholeOnly && !whole)
        return failure();
      continue;
    }
    // The state at the start of a later tile is not known here.
    if (nest.loops[cut.loop].iterator == utils::IteratorType::reduction ||
        cut.scale != 1) {
      if (!whole)
        return failure();
      continue;
    }
    if (domainOffsets[cut.loop] && (domainOffsets[cut.loop] != offsets[dim] ||
                                    domainSizes[cut.loop] != sizes[dim]))
      return failure();
    domainOffsets[cut.loop] = offsets[dim];
    domainSizes[cut.loop] = sizes[dim];
  }
  return success();
}

/// Fills what `domainOf` left open with the whole range.
static void fillDomain(ComputeOpInterface op, OpBuilder &builder,
                       FoldVector &offsets, FoldVector &sizes) {
  SmallVector<Range> domain = getIterationDomain(op, builder);
  for (auto [range, offset, size] : llvm::zip_equal(domain, offsets, sizes))
    if (!offset) {
      offset = range.offset;
      size = range.size;
    }
}

FailureOr<TilingResult>
hybrid::detail::generateResultTileValue(ComputeOpInterface op,
                                        OpBuilder &builder, unsigned result,
                                        Folds offsets, Folds sizes) {
  LoopNest nest = op.getLoopNest();
  unsigned init = initOf(op, result);
  FoldVector domainOffsets(nest.loops.size()), domainSizes(nest.loops.size());
  if (failed(domainOf(op, nest, init, offsets, sizes, /*wholeOnly=*/false,
                      domainOffsets, domainSizes)))
    return failure();
  // Where a dimension that no loop cuts is cut by the consumer, the tile is cut
  // after.
  FoldVector restOffsets, strides(offsets.size(), builder.getIndexAttr(1));
  bool cutAfter = false;
  for (auto [dim, cut] : llvm::enumerate(nest.operands[init])) {
    bool after =
        cut.loop < 0 && !isWhole(op, nest, init, dim, offsets[dim], sizes[dim]);
    cutAfter |= after;
    restOffsets.push_back(after ? offsets[dim]
                                : OpFoldResult(builder.getIndexAttr(0)));
  }
  fillDomain(op, builder, domainOffsets, domainSizes);
  FailureOr<TilingResult> tile =
      getTiledImplementation(op, builder, domainOffsets, domainSizes);
  if (failed(tile))
    return failure();
  Value value = tile->tiledValues[result];
  if (cutAfter)
    value = tensor::ExtractSliceOp::create(builder, op.getLoc(), value,
                                           restOffsets, sizes, strides);
  return TilingResult{tile->tiledOps, {value}, tile->generatedSlices};
}

LogicalResult hybrid::detail::getDomainTileFromResultTile(
    ComputeOpInterface op, OpBuilder &builder, unsigned result, Folds offsets,
    Folds sizes, SmallVectorImpl<OpFoldResult> &domainOffsets,
    SmallVectorImpl<OpFoldResult> &domainSizes) {
  LoopNest nest = op.getLoopNest();
  FoldVector tileOffsets(nest.loops.size()), tileSizes(nest.loops.size());
  if (failed(domainOf(op, nest, initOf(op, result), offsets, sizes,
                      /*wholeOnly=*/true, tileOffsets, tileSizes)))
    return failure();
  fillDomain(op, builder, tileOffsets, tileSizes);
  domainOffsets.assign(tileOffsets);
  domainSizes.assign(tileSizes);
  return success();
}

LogicalResult hybrid::detail::getDomainTileFromOperandTiles(
    ComputeOpInterface op, OpBuilder &builder, ArrayRef<unsigned> operands,
    ArrayRef<FoldVector> offsets, ArrayRef<FoldVector> sizes,
    SmallVectorImpl<OpFoldResult> &domainOffsets,
    SmallVectorImpl<OpFoldResult> &domainSizes) {
  LoopNest nest = op.getLoopNest();
  FoldVector tileOffsets(nest.loops.size()), tileSizes(nest.loops.size());
  for (auto [operand, offset, size] : llvm::zip_equal(operands, offsets, sizes))
    if (failed(domainOf(op, nest, operand, offset, size, /*wholeOnly=*/true,
                        tileOffsets, tileSizes)))
      return failure();
  fillDomain(op, builder, tileOffsets, tileSizes);
  domainOffsets.assign(tileOffsets);
  domainSizes.assign(tileSizes);
  return success();
}

FailureOr<TilingResult> hybrid::detail::getTiledImplementationFromOperandTiles(
    ComputeOpInterface op, OpBuilder &builder, ArrayRef<unsigned> operands,
    ArrayRef<FoldVector> offsets, ArrayRef<FoldVector> sizes) {
  FoldVector domainOffsets, domainSizes;
  if (failed(getDomainTileFromOperandTiles(op, builder, operands, offsets,
                                           sizes, domainOffsets, domainSizes)))
    return failure();
  return getTiledImplementation(op, builder, domainOffsets, domainSizes);
}

bool hybrid::detail::isFusableWithConsumerSlice(ComputeOpInterface op,
                                                unsigned result, Folds offsets,
                                                Folds sizes) {
  LoopNest nest = op.getLoopNest();
  FoldVector domainOffsets(nest.loops.size()), domainSizes(nest.loops.size());
  return succeeded(domainOf(op, nest, initOf(op, result), offsets, sizes,
                            /*wholeOnly=*/false, domainOffsets, domainSizes));
}

bool hybrid::detail::isFusableWithProducerSlices(ComputeOpInterface op,
                                                 ArrayRef<unsigned> operands,
                                                 ArrayRef<FoldVector> offsets,
                                                 ArrayRef<FoldVector> sizes) {
  LoopNest nest = op.getLoopNest();
  FoldVector domainOffsets(nest.loops.size()), domainSizes(nest.loops.size());
  for (auto [operand, offset, size] : llvm::zip_equal(operands, offsets, sizes))
    if (failed(domainOf(op, nest, operand, offset, size, /*wholeOnly=*/true,
                        domainOffsets, domainSizes)))
      return false;
  return true;
}
