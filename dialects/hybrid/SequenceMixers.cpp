// SequenceMixerOpInterface: what carries the sequence, and the one-position
// form.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::hybrid;

/// Dimensions 0 and 1 of the longer tensor are dimension 0 of the shorter one.
static SmallVector<ReassociationIndices> joinFirstTwo(int64_t rank) {
  SmallVector<ReassociationIndices> reassociation{{0, 1}};
  for (int64_t dim = 2; dim < rank; ++dim)
    reassociation.push_back({dim});
  return reassociation;
}

/// Without the sequence dimension 1, which has size 1.
static Value dropPosition(OpBuilder &builder, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  if (shape[1] != 1) {
    shape[1] = 1;
    value = tensor::CastOp::create(builder, loc, type.clone(shape), value);
  }
  shape.erase(shape.begin() + 1);
  return tensor::CollapseShapeOp::create(builder, loc, type.clone(shape), value,
                                         joinFirstTwo(type.getRank()));
}

SmallVector<Value> hybrid::buildStateUpdate(OpBuilder &builder, Location loc,
                                            Value x, Value dt, Value a, Value b,
                                            Value c, Value y, Value state) {
  bool decayPerPosition = cast<ShapedType>(a.getType()).getRank() == 4;
  auto update = StateUpdateOp::create(
      builder, loc, dropPosition(builder, loc, x),
      dt ? dropPosition(builder, loc, dt) : Value(),
      decayPerPosition ? dropPosition(builder, loc, a) : a,
      dropPosition(builder, loc, b), dropPosition(builder, loc, c),
      dropPosition(builder, loc, y), state);
  auto type = cast<RankedTensorType>(y.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[1] = 1;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, y);
  sizes[1] = builder.getIndexAttr(1);
  Value full = tensor::ExpandShapeOp::create(
      builder, loc, type.clone(shape), update.getResult(0),
      joinFirstTwo(type.getRank()), sizes);
  if (full.getType() != type)
    full = tensor::CastOp::create(builder, loc, type, full);
  return {full, update.getResult(1)};
}

SmallVector<OpOperand *> SsdScanOp::getSequenceOperands() {
  SmallVector<OpOperand *> operands;
  for (OpOperand &operand : (*this)->getOpOperands())
    if (&operand != &getStateMutable() &&
        !(&operand == &getAMutable() &&
          cast<ShapedType>(getA().getType()).getRank() == 2))
      operands.push_back(&operand);
  return operands;
}
unsigned SsdScanOp::getSequenceDim(OpOperand &) { return 1; }
SmallVector<OpOperand *> SsdScanOp::getStateOperands() {
  return {&getStateMutable()};
}

FailureOr<SmallVector<Value>> SsdScanOp::buildStep(OpBuilder &builder,
                                                   ValueRange operands) {
  if (operands.size() != (*this)->getNumOperands() || !hasPureTensorSemantics())
    return failure();
  unsigned dt = getDt() ? 1 : 0;
  return buildStateUpdate(builder, getLoc(), operands[0],
                          dt ? operands[1] : Value(), operands[1 + dt],
                          operands[2 + dt], operands[3 + dt], operands[4 + dt],
                          operands[5 + dt]);
}

SmallVector<OpOperand *> CausalConv1dOp::getSequenceOperands() {
  return {&getInputMutable(), &getYMutable()};
}
unsigned CausalConv1dOp::getSequenceDim(OpOperand &) { return 1; }
SmallVector<OpOperand *> CausalConv1dOp::getStateOperands() {
  return {&getStateMutable()};
}

/// A convolution over one position, and attention of one query, are their own
/// steps.
static FailureOr<SmallVector<Value>>
cloneAsStep(OpBuilder &builder, Operation *op, ValueRange operands) {
  if (operands.size() != op->getNumOperands() ||
      !llvm::all_of(operands.getTypes(), llvm::IsaPred<RankedTensorType>))
    return failure();
  return llvm::to_vector_of<Value>(
      cloneOnOperands(builder, op, operands)->getResults());
}

FailureOr<SmallVector<Value>> CausalConv1dOp::buildStep(OpBuilder &builder,
                                                        ValueRange operands) {
  return cloneAsStep(builder, *this, operands);
}

SmallVector<OpOperand *> AttentionOp::getSequenceOperands() {
  SmallVector<OpOperand *> operands{&getQueryMutable()};
  if (Value bias = getBias();
      bias && cast<ShapedType>(bias.getType()).getDimSize(3) != 1)
    operands.push_back(&getBiasMutable()[0]);
  operands.push_back(&getYMutable());
  return operands;
}
SmallVector<OpOperand *> AttentionOp::getContextOperands() {
  return {&getKeyMutable(), &getValueMutable()};
}
unsigned AttentionOp::getSequenceDim(OpOperand &operand) {
  return &operand == &getKeyMutable() || &operand == &getValueMutable() ? 2 : 3;
}
FailureOr<SmallVector<Value>> AttentionOp::buildStep(OpBuilder &builder,
                                                     ValueRange operands) {
  return cloneAsStep(builder, *this, operands);
}

std::optional<ContextView> AttentionOp::getContextView() {
  ContextView view{getMask() == AttentionMask::Causal, 0, getBias()};
  if (Value offset = getQueryOffset()) {
    DenseIntElementsAttr known;
    view.offset = std::nullopt;
    if (matchPattern(offset, m_Constant(&known)) && known.isSplat())
      view.offset = known.getSplatValue<APInt>().getSExtValue();
  }
  return view;
}

SmallVector<Value> AttentionOp::buildContinuation(OpBuilder &builder,
                                                  ValueRange operands,
                                                  Value first) {
  Location loc = getLoc();
  auto operand = [&](OpOperand &own) {
    return operands[own.getOperandNumber()];
  };
  Value offset;
  if (getMask() == AttentionMask::Causal) {
    offset =
        arith::IndexCastOp::create(builder, loc, builder.getI64Type(), first);
    if (int64_t own = getContextView()->offset.value_or(0))
      offset = arith::AddIOp::create(
          builder, loc, offset,
          arith::ConstantOp::create(builder, loc,
                                    builder.getI64IntegerAttr(own)));
    offset = tensor::FromElementsOp::create(
        builder, loc, RankedTensorType::get({}, builder.getI64Type()), offset);
  }
  auto made = AttentionOp::create(
      builder, loc, operand(getQueryMutable()), operand(getKeyMutable()),
      operand(getValueMutable()),
      getBias() ? operand(getBiasMutable()[0]) : Value(), offset,
      operand(getYMutable()), getScale().convertToFloat(), getMask(),
      getSoftcap().convertToFloat(), static_cast<int64_t>(getWindow()),
      getSink() ? operand(getSinkMutable()[0]) : Value());
  made->setDiscardableAttrs((*this)->getDiscardableAttrDictionary());
  return llvm::to_vector_of<Value>(made->getResults());
}
