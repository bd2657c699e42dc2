// Tiles of attention: the offset of the causal mask moves with the tile.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::hybrid;

/// `offset + shift`, elementwise; an absent offset is 0.
static Value shiftOffset(OpBuilder &builder, Location loc, Value offset,
                         OpFoldResult shift) {
  Type i64 = builder.getI64Type();
  Value amount = getValueOrCreateConstantIndexOp(builder, loc, shift);
  amount = arith::IndexCastOp::create(builder, loc, i64, amount);
  auto scalar = RankedTensorType::get({}, i64);
  if (!offset)
    return tensor::FromElementsOp::create(builder, loc, scalar,
                                          ValueRange{amount});
  auto type = cast<RankedTensorType>(offset.getType());
  if (type.getRank() == 0) {
    Value old = tensor::ExtractOp::create(builder, loc, offset, ValueRange{});
    Value sum = arith::AddIOp::create(builder, loc, old, amount);
    return tensor::FromElementsOp::create(builder, loc, scalar,
                                          ValueRange{sum});
  }
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, offset), i64);
  AffineMap identity = builder.getMultiDimIdentityMap(1);
  return linalg::GenericOp::create(
             builder, loc, init.getType(), ValueRange{offset}, ValueRange{init},
             ArrayRef<AffineMap>{identity, identity},
             ArrayRef<utils::IteratorType>{utils::IteratorType::parallel},
             [&](OpBuilder &b, Location at, ValueRange args) {
               Value sum = arith::AddIOp::create(b, at, args[0], amount);
               linalg::YieldOp::create(b, at, sum);
             })
      .getResult(0);
}

/// `shift`: how much further the keys are that the first row of the tile sees.
template <class Op>
static Operation *createAttentionTile(Op op, OpBuilder &builder,
                                      ValueRange operands, OpFoldResult shift) {
  if (op.getMask() != AttentionMask::Causal || isConstantIntValue(shift, 0))
    return cloneOnOperands(builder, op, operands);
  // A buffer cannot be shifted without making another one.
  if (!isa<RankedTensorType>(op.getQuery().getType()))
    return nullptr;
  SmallVector<Value> all(operands);
  Value offset;
  unsigned place = op.getBias() ? 4 : 3;
  if (op.getQueryOffset()) {
    offset = all[place];
    all.erase(all.begin() + place);
  }
  all.insert(all.begin() + place,
             shiftOffset(builder, op.getLoc(), offset, shift));
  SmallVector<Type> types;
  for (Value init : ArrayRef(all).take_back(op.getNumDpsInits()))
    types.push_back(init.getType());
  auto tile = cast<Op>(Operation::create(op.getLoc(), op->getName(), types, all,
                                         op->getDiscardableAttrDictionary(),
                                         op->getPropertiesStorage(),
                                         /*successors=*/{}, /*numRegions=*/0));
  // The offset is there now, whether or not the op has one.
  auto segments = llvm::to_vector(op.getProperties().getOperandSegmentSizes());
  segments[4] = 1;
  llvm::copy(segments, tile.getProperties().operandSegmentSizes.begin());
  return builder.insert(tile.getOperation());
}

Operation *AttentionOp::createTile(OpBuilder &builder, ValueRange operands,
                                   ArrayRef<OpFoldResult> offsets) {
  return createAttentionTile(*this, builder, operands, offsets[3]);
}

Operation *OnlineAttentionOp::createTile(OpBuilder &builder,
                                         ValueRange operands,
                                         ArrayRef<OpFoldResult> offsets) {
  AffineExpr m, s;
  bindDims(getContext(), m, s);
  OpFoldResult shift = affine::makeComposedFoldedAffineApply(
      builder, getLoc(), m - s, {offsets[3], offsets[4]});
  return createAttentionTile(*this, builder, operands, shift);
}
