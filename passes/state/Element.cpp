#include "passes/state/Element.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Matchers.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace jarana::state {

Linear Linear::scaled(int64_t factor) const {
  Linear result;
  if (factor == 0)
    return result;
  result.constant = constant * factor;
  for (auto [id, coefficient] : terms)
    result.terms[id] = coefficient * factor;
  return result;
}

Linear operator+(const Linear &a, const Linear &b) {
  Linear sum = a;
  sum.constant += b.constant;
  for (auto [id, coefficient] : b.terms)
    if ((sum.terms[id] += coefficient) == 0)
      sum.terms.erase(id);
  return sum;
}

std::optional<Linear> Linear::byLength(const Linear &length) const {
  Linear result = length.scaled(constant);
  for (auto [id, coefficient] : terms) {
    if (id >= timesLength)
      return std::nullopt;
    result.terms[id + timesLength] = coefficient;
  }
  return result;
}

bool Linear::isAtLeast(int64_t bound) const {
  return constant >= bound &&
         llvm::all_of(terms, [](auto &term) { return term.second > 0; });
}

namespace {

Element ofInteger(Linear value) {
  Element element;
  element.integer = std::move(value);
  return element;
}

Element ofTruth(std::optional<bool> truth) {
  Element element;
  element.truth = truth;
  return element;
}

Element ofRange(double low, double high) {
  Element element;
  element.low = low;
  element.high = high;
  return element;
}

Element ofAttribute(Attribute attribute) {
  if (auto real = dyn_cast<FloatAttr>(attribute))
    return ofRange(real.getValueAsDouble(), real.getValueAsDouble());
  auto integer = dyn_cast<IntegerAttr>(attribute);
  if (!integer)
    return {};
  if (integer.getType().isInteger(1))
    return ofTruth(integer.getValue().getBoolValue());
  return integer.getValue().getSignificantBits() <= 62
             ? ofInteger({integer.getValue().getSExtValue(), {}})
             : Element();
}

std::optional<bool> compare(arith::CmpIPredicate predicate, const Linear &a,
                            const Linear &b) {
  using P = arith::CmpIPredicate;
  // Numbers below 0 are large ones without a sign.
  if (predicate >= P::ult && !(a.isAtLeast(0) && b.isAtLeast(0)))
    return std::nullopt;
  switch (predicate) {
  case P::slt:
  case P::ult:
    return compare(P::sle, a + Linear{1, {}}, b);
  case P::sgt:
  case P::ugt:
    return compare(P::slt, b, a);
  case P::sge:
  case P::uge:
    return compare(P::sle, b, a);
  case P::sle:
  case P::ule:
    if ((b - a).isAtLeast(0))
      return true;
    return (a - b).isAtLeast(1) ? std::optional(false) : std::nullopt;
  case P::eq:
    if (a == b)
      return true;
    return (a - b).isAtLeast(1) || (b - a).isAtLeast(1) ? std::optional(false)
                                                        : std::nullopt;
  case P::ne:
    if (auto equal = compare(P::eq, a, b))
      return !*equal;
  }
  return std::nullopt;
}

Element either(const Element &a, const Element &b) {
  Element both = ofRange(std::min(a.low, b.low), std::max(a.high, b.high));
  if (a.integer == b.integer)
    both.integer = a.integer;
  if (a.truth == b.truth)
    both.truth = a.truth;
  return both;
}

} // namespace

std::optional<Linear> Elements::sizeOf(OpFoldResult size) {
  if (auto number = getConstantIntValue(size))
    return Linear{*number, {}};
  auto value = dyn_cast<Value>(size);
  if (!value || !sequence.isShapeArithmetic(value))
    return std::nullopt;
  if (sequence.roleOf(value) == SizeRole::Sequence)
    return length;
  if (value.getDefiningOp<arith::IndexCastOp>())
    return sizeOf(value.getDefiningOp()->getOperand(0));
  bool adds = bool(value.getDefiningOp<arith::AddIOp>());
  if (!adds && !value.getDefiningOp<arith::SubIOp>())
    return std::nullopt;
  auto a = sizeOf(value.getDefiningOp()->getOperand(0)),
       b = sizeOf(value.getDefiningOp()->getOperand(1));
  if (!a || !b)
    return std::nullopt;
  return adds ? *a + *b : *a - *b;
}

Element Elements::at(Value tensor, ArrayRef<Linear> index) {
  if (budget == 0)
    return {};
  --budget;
  DenseElementsAttr constant;
  if (matchPattern(tensor, m_Constant(&constant))) {
    if (constant.isSplat())
      return ofAttribute(constant.getSplatValue<Attribute>());
    SmallVector<uint64_t> place;
    for (auto [part, extent] : llvm::zip(index, constant.getType().getShape()))
      if (part.isConstant() && part.constant >= 0 && part.constant < extent)
        place.push_back(part.constant);
    return place.size() == index.size()
               ? ofAttribute(constant.getValues<Attribute>()[place])
               : Element();
  }
  if (noPadding && tensor == sequence.maskArgument())
    return getElementTypeOrSelf(tensor).isInteger(1)  ? ofTruth(true)
           : getElementTypeOrSelf(tensor).isInteger() ? ofInteger({1, {}})
                                                      : ofRange(1, 1);
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return {};
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return ofLinalg(linalgOp, cast<OpResult>(tensor).getResultNumber(), index);
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return at(cast.getSource(), index);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return ofReshape(expand.getSrc(), tensor, expand.getReassociationIndices(),
                     true, expand.getResultType().getShape(), index);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return ofReshape(collapse.getSrc(), collapse.getSrc(),
                     collapse.getReassociationIndices(), false,
                     collapse.getSrcType().getShape(), index);
  if (isa<tensor::InsertSliceOp>(op))
    return ofInsert(op, index);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    SmallVector<Linear> place;
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    unsigned result = 0;
    for (unsigned axis = 0; axis < dropped.size(); ++axis) {
      auto offset = sizeOf(slice.getMixedOffsets()[axis]),
           stride = sizeOf(slice.getMixedStrides()[axis]);
      if (!offset || !stride || !stride->isConstant())
        return {};
      place.push_back(dropped[axis]
                          ? *offset
                          : *offset + index[result].scaled(stride->constant));
      result += !dropped[axis];
    }
    return at(slice.getSource(), place);
  }
  if (auto elements = dyn_cast<tensor::FromElementsOp>(op);
      elements && elements.getElements().size() == 1) {
    Scope scope;
    return ofScalar(elements.getElements()[0], scope, {});
  }
  return {};
}

/// `finest`: the side with more dimensions, of these sizes.
Element Elements::ofReshape(Value source, Value finest,
                            ArrayRef<ReassociationIndices> groups, bool expands,
                            ArrayRef<int64_t> finer, ArrayRef<Linear> index) {
  SmallVector<Linear> place(expands ? groups.size() : finer.size());
  for (auto [coarse, group] : llvm::enumerate(groups)) {
    // What follows an axis in memory: `inner` elements, times the length.
    int64_t inner = 1, wide = 0;
    bool byLength = false;
    for (int64_t axis : llvm::reverse(group)) {
      if (finer[axis] == 1)
        continue;
      ++wide;
      if (!expands) {
        place[axis] = index[coarse];
        continue;
      }
      Linear part = index[axis].scaled(inner);
      if (byLength) {
        auto product = part.byLength(length);
        if (!product)
          return {};
        part = *product;
      }
      place[coarse] = place[coarse] + part;
      if (!ShapedType::isDynamic(finer[axis]))
        inner *= finer[axis];
      else if (axis != group.front()) {
        if (byLength || sequence.roleOf(finest, axis) != SizeRole::Sequence)
          return {};
        byLength = true;
      }
    }
    if (!expands && wide > 1)
      return {};
  }
  return at(source, place);
}

Element Elements::ofInsert(Operation *op, ArrayRef<Linear> index) {
  auto insert = cast<tensor::InsertSliceOp>(op);
  llvm::SmallBitVector dropped = insert.getDroppedDims();
  SmallVector<Linear> place;
  bool inside = true;
  for (unsigned axis = 0; axis < dropped.size(); ++axis) {
    auto offset = sizeOf(insert.getMixedOffsets()[axis]);
    OpFoldResult extent = insert.getMixedSizes()[axis];
    if (!offset || !isOneInteger(insert.getMixedStrides()[axis]))
      return {};
    Linear relative = index[axis] - *offset;
    auto size = sizeOf(extent);
    if ((Linear{-1, {}} - relative).isAtLeast(0) ||
        (size && (relative - *size).isAtLeast(0)))
      return at(insert.getDest(), index);
    // An axis that is written as a whole.
    Operation *from = insert.getDest().getDefiningOp();
    while (auto inner = dyn_cast_if_present<tensor::InsertSliceOp>(from))
      from = inner.getDest().getDefiningOp();
    auto empty = dyn_cast_if_present<tensor::EmptyOp>(from);
    bool whole = isZeroInteger(insert.getMixedOffsets()[axis]) && empty &&
                 empty.getMixedSizes()[axis] == extent;
    inside &= whole || (relative.isAtLeast(0) && size &&
                        (*size - relative).isAtLeast(1));
    if (!dropped[axis])
      place.push_back(relative);
  }
  if (inside)
    return at(insert.getSource(), place);
  return either(at(insert.getSource(), place), at(insert.getDest(), index));
}

/// What the arguments of the body are at this place.
bool Elements::readOperands(linalg::LinalgOp op, ArrayRef<Linear> loops,
                            Scope &scope) {
  for (OpOperand &operand : op->getOpOperands()) {
    Value argument = op.getMatchingBlockArgument(&operand);
    if (argument.use_empty())
      continue;
    if (!isa<RankedTensorType>(operand.get().getType())) {
      scope[argument] = ofScalar(operand.get(), scope, loops);
      continue;
    }
    SmallVector<Linear> place;
    for (AffineExpr expr : op.getMatchingIndexingMap(&operand).getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        place.push_back(loops[dim.getPosition()]);
      else if (auto number = dyn_cast<AffineConstantExpr>(expr))
        place.push_back({number.getValue(), {}});
      else
        return false;
    }
    scope[argument] = at(operand.get(), place);
  }
  return true;
}

Element Elements::inBody(linalg::LinalgOp op, Value value,
                         ArrayRef<Linear> loops) {
  Scope scope;
  if (!readOperands(op, loops, scope))
    return {};
  return ofScalar(value, scope, loops);
}

Element Elements::ofLinalg(linalg::LinalgOp op, unsigned result,
                           ArrayRef<Linear> index) {
  SmallVector<Linear> loops(op.getNumLoops());
  SmallVector<bool> set(op.getNumLoops());
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(result));
  for (auto [axis, expr] : llvm::enumerate(map.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      loops[dim.getPosition()] = index[axis];
      set[dim.getPosition()] = true;
    }
  if (llvm::is_contained(set, false))
    return {}; // a reduction
  Scope scope;
  if (!readOperands(op, loops, scope))
    return {};
  return ofScalar(op.getBlock()->getTerminator()->getOperand(result), scope,
                  loops);
}

Element Elements::ofScalar(Value value, Scope &scope, ArrayRef<Linear> loops) {
  auto found = scope.find(value);
  if (found != scope.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  if (!op || budget == 0)
    return {};
  --budget;
  Attribute constant;
  if (matchPattern(value, m_Constant(&constant)))
    return ofAttribute(constant);
  if (auto size = sizeOf(OpFoldResult(value)))
    return ofInteger(*size);
  auto operand = [&](unsigned i) {
    return ofScalar(op->getOperand(i), scope, loops);
  };
  Element made;
  if (auto index = dyn_cast<linalg::IndexOp>(op)) {
    made = ofInteger(loops[index.getDim()]);
  } else if (auto extract = dyn_cast<tensor::ExtractOp>(op)) {
    SmallVector<Linear> place;
    for (Value at : extract.getIndices())
      if (auto integer = ofScalar(at, scope, loops).integer)
        place.push_back(*integer);
    if (place.size() == extract.getIndices().size())
      made = at(extract.getTensor(), place);
  } else if (isa<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp,
                 arith::ExtFOp, arith::TruncFOp>(op)) {
    made = operand(0);
    if (made.truth)
      made = {};
  } else if (isa<arith::ExtUIOp>(op)) {
    made = operand(0);
    if (made.truth)
      made = ofInteger({*made.truth ? 1 : 0, {}});
    else if (made.integer && !made.integer->isAtLeast(0))
      made = {};
  } else if (isa<arith::SIToFPOp, arith::UIToFPOp>(op)) {
    Element from = operand(0);
    if (from.truth)
      from.integer = Linear{*from.truth ? 1 : 0, {}};
    if (from.integer && from.integer->isConstant())
      made = ofRange(double(from.integer->constant),
                     double(from.integer->constant));
  } else if (isa<arith::AddIOp, arith::SubIOp>(op)) {
    Element a = operand(0), b = operand(1);
    if (a.integer && b.integer)
      made = ofInteger(isa<arith::AddIOp>(op) ? *a.integer + *b.integer
                                              : *a.integer - *b.integer);
  } else if (isa<arith::MulIOp>(op)) {
    Element a = operand(0), b = operand(1);
    if (a.integer && b.integer &&
        (a.integer->isConstant() || a.integer == length))
      std::swap(a, b);
    if (a.integer && b.integer && b.integer == length) {
      if (auto product = a.integer->byLength(length))
        made = ofInteger(*product);
    } else if (a.integer && b.integer && b.integer->isConstant() &&
               std::abs(b.integer->constant) < (1 << 20))
      made = ofInteger(a.integer->scaled(b.integer->constant));
  } else if (auto cmp = dyn_cast<arith::CmpIOp>(op)) {
    Element a = operand(0), b = operand(1);
    if (a.integer && b.integer)
      made = ofTruth(compare(cmp.getPredicate(), *a.integer, *b.integer));
    else if (a.truth && b.truth &&
             cmp.getPredicate() == arith::CmpIPredicate::ne)
      made = ofTruth(*a.truth != *b.truth);
    else if (a.truth && b.truth &&
             cmp.getPredicate() == arith::CmpIPredicate::eq)
      made = ofTruth(*a.truth == *b.truth);
  } else if (isa<arith::AndIOp, arith::OrIOp>(op)) {
    bool decides = isa<arith::OrIOp>(op);
    Element a = operand(0);
    Element b = a.truth == decides ? a : operand(1);
    if (a.truth == decides || b.truth == decides)
      made = ofTruth(decides);
    else if (a.truth && b.truth)
      made = ofTruth(!decides);
  } else if (isa<arith::XOrIOp>(op)) {
    Element a = operand(0), b = operand(1);
    if (a.truth && b.truth)
      made = ofTruth(*a.truth != *b.truth);
  } else if (isa<arith::SelectOp>(op)) {
    Element condition = operand(0);
    if (condition.truth)
      made = operand(*condition.truth ? 1 : 2);
    else
      made = either(operand(1), operand(2));
  } else if (isa<arith::NegFOp>(op)) {
    Element a = operand(0);
    made = ofRange(-a.high, -a.low);
  } else if (isa<arith::AddFOp>(op)) {
    Element a = operand(0), b = operand(1);
    made = ofRange(a.low + b.low, a.high + b.high);
  } else if (isa<arith::SubFOp>(op)) {
    Element a = operand(0), b = operand(1);
    made = ofRange(a.low - b.high, a.high - b.low);
  } else if (isa<arith::MulFOp>(op)) {
    Element a = operand(0), b = operand(1);
    double corners[] = {a.low * b.low, a.low * b.high, a.high * b.low,
                        a.high * b.high};
    // 0 * inf has no value: nothing is known then.
    if (llvm::none_of(corners, [](double c) { return std::isnan(c); }))
      made = ofRange(*llvm::min_element(corners), *llvm::max_element(corners));
  } else if (isa<arith::MaximumFOp, arith::MaxNumFOp>(op)) {
    Element a = operand(0), b = operand(1);
    made = ofRange(std::max(a.low, b.low), std::max(a.high, b.high));
  } else if (isa<arith::MinimumFOp, arith::MinNumFOp>(op)) {
    Element a = operand(0), b = operand(1);
    made = ofRange(std::min(a.low, b.low), std::min(a.high, b.high));
  }
  // Positions fit into 32 bits, and into less they may not.
  if (made.integer && !made.integer->isConstant() &&
      isa<IntegerType>(value.getType()) &&
      value.getType().getIntOrFloatBitWidth() < 32)
    made = {};
  scope[value] = made;
  return made;
}

} // namespace jarana::state
