// Elementwise operations, reductions and contractions.
#include "passes/raise/Tensors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace jarana::raise {

Type TensorBuilder::computeType(Type element) {
  return element.isF16() || element.isBF16() ? b.getF32Type() : element;
}

Value TensorBuilder::toCompute(OpBuilder &at, Value value) {
  Type wide = computeType(value.getType());
  return wide == value.getType()
             ? value
             : arith::ExtFOp::create(at, loc, wide, value).getResult();
}

Value TensorBuilder::toElement(OpBuilder &at, Value value, Type element) {
  if (value.getType() == element || !isa<FloatType>(element))
    return value;
  if (value.getType().getIntOrFloatBitWidth() > element.getIntOrFloatBitWidth())
    return arith::TruncFOp::create(at, loc, element, value);
  return arith::ExtFOp::create(at, loc, element, value);
}

AffineMap TensorBuilder::broadcastMap(const Tensor &input, const Shape &shape) {
  SmallVector<AffineExpr> exprs;
  int64_t lead = static_cast<int64_t>(shape.size()) - input.rank();
  for (int64_t axis = 0; axis < input.rank(); ++axis) {
    bool repeated = isOne(input.shape[axis]) && !isOne(shape[lead + axis]);
    exprs.push_back(
        repeated ? b.getAffineConstantExpr(0)
                 : b.getAffineDimExpr(static_cast<unsigned>(lead + axis)));
  }
  return AffineMap::get(static_cast<unsigned>(shape.size()), 0, exprs,
                        b.getContext());
}

Value TensorBuilder::splatOf(Value tensor, OpBuilder &at) {
  Operation *op = tensor.getDefiningOp();
  if (auto constant = dyn_cast_if_present<arith::ConstantOp>(op)) {
    auto elements = dyn_cast<SplatElementsAttr>(constant.getValue());
    if (!elements)
      return nullptr;
    return arith::ConstantOp::create(at, loc,
                                     elements.getSplatValue<TypedAttr>());
  }
  if (auto fill = dyn_cast_if_present<linalg::FillOp>(op))
    return fill.getInputs().front();
  if (auto elements = dyn_cast_if_present<tensor::FromElementsOp>(op);
      elements && elements.getElements().size() == 1)
    return elements.getElements().front();
  if (auto view = dyn_cast_if_present<tensor::ExpandShapeOp>(op))
    return splatOf(view.getSrc(), at);
  if (auto view = dyn_cast_if_present<tensor::CollapseShapeOp>(op))
    return splatOf(view.getSrc(), at);
  if (auto view = dyn_cast_if_present<tensor::CastOp>(op))
    return splatOf(view.getSource(), at);
  return nullptr;
}

Tensor TensorBuilder::elementwise(ArrayRef<Tensor> inputs, const Shape &shape,
                                  Type element, Body body) {
  return elementwiseRaw(
      inputs, shape, element,
      [&](OpBuilder &at, Location where, ValueRange elements) {
        SmallVector<Value> wide;
        for (Value value : elements)
          wide.push_back(toCompute(at, value));
        return toElement(at, body(at, where, wide), element);
      });
}

Tensor TensorBuilder::elementwiseRaw(ArrayRef<Tensor> inputs,
                                     const Shape &shape, Type element,
                                     Body body) {
  return generate(
      inputs, shape, element,
      [&](OpBuilder &at, Location where, ValueRange, ValueRange elements) {
        return body(at, where, elements);
      });
}

Tensor TensorBuilder::generate(
    ArrayRef<Tensor> inputs, const Shape &shape, Type element,
    function_ref<Value(OpBuilder &, Location, ValueRange, ValueRange)> body) {
  Tensor init = empty(shape, element);
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  SmallVector<std::optional<size_t>>
      positions; // of the block argument; none for a scalar
  SmallVector<Value> scalars;
  for (const Tensor &input : inputs) {
    Value scalarValue = splatOf(input.value, b);
    scalars.push_back(scalarValue);
    if (scalarValue) {
      positions.push_back(std::nullopt);
      continue;
    }
    positions.push_back(operands.size());
    operands.push_back(input.value);
    maps.push_back(broadcastMap(input, shape));
  }
  auto rank = static_cast<unsigned>(shape.size());
  maps.push_back(AffineMap::getMultiDimIdentityMap(rank, b.getContext()));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(
      b, loc, TypeRange{init.value.getType()}, operands, ValueRange{init.value},
      maps, iterators,
      [&](OpBuilder &at, Location where, ValueRange arguments) {
        SmallVector<Value> elements;
        for (auto [position, scalarValue] : llvm::zip(positions, scalars))
          elements.push_back(position ? arguments[*position] : scalarValue);
        // Index operations are pure: unused ones vanish, so they are made
        // lazily only by what the body reads.
        SmallVector<Value> indices;
        for (unsigned i = 0; i < rank; ++i)
          indices.push_back(linalg::IndexOp::create(at, where, i));
        Value result = body(at, where, indices, elements);
        for (Value index : indices)
          if (index.use_empty())
            index.getDefiningOp()->erase();
        linalg::YieldOp::create(at, where, result);
      });
  return {op.getResult(0), init.shape};
}

Tensor TensorBuilder::broadcast(Tensor input, const Shape &shape) {
  if (input.rank() == static_cast<int64_t>(shape.size()) &&
      llvm::all_of(llvm::zip(input.shape, shape), [&](auto pair) {
        return same(std::get<0>(pair), std::get<1>(pair));
      }))
    return castShape(input, shape);
  if (Value scalarValue = splatOf(input.value, b))
    return fill(shape, scalarValue);
  return elementwiseRaw(
      {input}, shape, input.elementType(),
      [](OpBuilder &, Location, ValueRange elements) { return elements[0]; });
}

Tensor TensorBuilder::reduce(Tensor input, ArrayRef<int64_t> axes, bool keep,
                             Value initial, Body combine) {
  auto rank = static_cast<unsigned>(input.rank());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  for (int64_t axis : axes)
    iterators[axis < 0 ? axis + rank : axis] = utils::IteratorType::reduction;
  SmallVector<AffineExpr> exprs;
  Shape shape, kept;
  for (unsigned i = 0; i < rank; ++i) {
    bool reduced = iterators[i] == utils::IteratorType::reduction;
    kept.push_back(reduced ? Expr(1) : input.shape[i]);
    if (reduced)
      continue;
    exprs.push_back(b.getAffineDimExpr(i));
    shape.push_back(input.shape[i]);
  }
  Tensor init = fill(shape, initial);
  SmallVector<AffineMap> maps = {
      AffineMap::getMultiDimIdentityMap(rank, b.getContext()),
      AffineMap::get(rank, 0, exprs, b.getContext())};
  auto op = linalg::GenericOp::create(
      b, loc, TypeRange{init.value.getType()}, ValueRange{input.value},
      ValueRange{init.value}, maps, iterators,
      [&](OpBuilder &at, Location where, ValueRange arguments) {
        Value element = toCompute(at, arguments[0]);
        if (isa<FloatType>(element.getType()))
          element = toElement(at, element, initial.getType());
        Value result = combine(at, where, ValueRange{arguments[1], element});
        linalg::YieldOp::create(at, where, result);
      });
  Tensor result{op.getResult(0), init.shape};
  return keep ? reshape(result, kept) : result;
}

namespace {

Value multiply(OpBuilder &at, Location loc, Value lhs, Value rhs) {
  return isa<FloatType>(lhs.getType())
             ? arith::MulFOp::create(at, loc, lhs, rhs).getResult()
             : arith::MulIOp::create(at, loc, lhs, rhs).getResult();
}
Value add(OpBuilder &at, Location loc, Value lhs, Value rhs) {
  return isa<FloatType>(lhs.getType())
             ? arith::AddFOp::create(at, loc, lhs, rhs).getResult()
             : arith::AddIOp::create(at, loc, lhs, rhs).getResult();
}

} // namespace

Tensor TensorBuilder::contract(ArrayRef<Tensor> inputs,
                               ArrayRef<SmallVector<int>> subscripts,
                               ArrayRef<int> output, const Shape &loops,
                               Type element) {
  auto rank = static_cast<unsigned>(loops.size());
  Type sumType = computeType(element);
  SmallVector<AffineMap> maps;
  SmallVector<Value> operands;
  for (auto [input, letters] : llvm::zip(inputs, subscripts)) {
    SmallVector<AffineExpr> exprs;
    for (auto [axis, letter] : llvm::enumerate(letters)) {
      bool repeated =
          letter < 0 || (isOne(input.shape[axis]) && !isOne(loops[letter]));
      exprs.push_back(repeated
                          ? b.getAffineConstantExpr(0)
                          : b.getAffineDimExpr(static_cast<unsigned>(letter)));
    }
    maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
    operands.push_back(input.value);
  }
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  SmallVector<AffineExpr> exprs;
  Shape shape;
  for (int letter : output) {
    iterators[letter] = utils::IteratorType::parallel;
    exprs.push_back(b.getAffineDimExpr(static_cast<unsigned>(letter)));
    shape.push_back(loops[letter]);
  }
  maps.push_back(AffineMap::get(rank, 0, exprs, b.getContext()));
  Tensor init = zeros(shape, sumType);
  auto op = linalg::GenericOp::create(
      b, loc, TypeRange{init.value.getType()}, operands, ValueRange{init.value},
      maps, iterators,
      [&](OpBuilder &at, Location where, ValueRange arguments) {
        Value term;
        for (Value argument : arguments.drop_back()) {
          Value factor = toCompute(at, argument);
          term = term ? multiply(at, where, term, factor) : factor;
        }
        linalg::YieldOp::create(at, where,
                                add(at, where, arguments.back(), term));
      });
  return convert({op.getResult(0), init.shape}, element);
}

Tensor TensorBuilder::matmul(Tensor lhs, Tensor rhs, Type element) {
  Shape shape(lhs.shape.begin(), lhs.shape.end() - 1);
  shape.push_back(rhs.shape.back());
  Tensor init = zeros(shape, computeType(element));
  SmallVector<Value> operands = {lhs.value, rhs.value};
  SmallVector<Type> types = {init.value.getType()};
  Value result = lhs.rank() == 2
                     ? linalg::MatmulOp::create(b, loc, types, operands,
                                                ValueRange{init.value})
                           .getResult(0)
                     : linalg::BatchMatmulOp::create(b, loc, types, operands,
                                                     ValueRange{init.value})
                           .getResult(0);
  return convert({result, init.shape}, element);
}

Tensor TensorBuilder::convert(Tensor input, Type element, bool isUnsigned) {
  if (input.elementType() == element)
    return input;
  return elementwiseRaw(
      {input}, input.shape, element,
      [&](OpBuilder &at, Location where, ValueRange elements) {
        return convertScalar(at, where, elements[0], element, isUnsigned,
                             false);
      });
}

Value convertScalar(OpBuilder &b, Location loc, Value value, Type to,
                    bool fromUnsigned, bool toUnsigned) {
  Type from = value.getType();
  if (from == to)
    return value;
  auto fromFloat = dyn_cast<FloatType>(from), toFloat = dyn_cast<FloatType>(to);
  unsigned fromWidth = from.getIntOrFloatBitWidth(),
           toWidth = to.getIntOrFloatBitWidth();
  if (fromFloat && toFloat) {
    // Between f16 and bf16 there is no direct conversion.
    if (fromWidth == toWidth)
      return arith::TruncFOp::create(
          b, loc, to, arith::ExtFOp::create(b, loc, b.getF32Type(), value));
    return fromWidth < toWidth
               ? arith::ExtFOp::create(b, loc, to, value).getResult()
               : arith::TruncFOp::create(b, loc, to, value).getResult();
  }
  if (toWidth == 1 && !toFloat) {
    Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(from));
    if (fromFloat) // NaN is true
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, value,
                                   zero);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero);
  }
  if (toFloat) {
    if (fromUnsigned || fromWidth == 1)
      return arith::UIToFPOp::create(b, loc, to, value);
    return arith::SIToFPOp::create(b, loc, to, value);
  }
  if (fromFloat) {
    if (fromWidth < 32)
      value = arith::ExtFOp::create(b, loc, b.getF32Type(), value);
    // Through a wider signed type, so that negative values wrap instead of
    // being undefined.
    if (toWidth >= 64)
      return toUnsigned
                 ? arith::FPToUIOp::create(b, loc, to, value).getResult()
                 : arith::FPToSIOp::create(b, loc, to, value).getResult();
    Value wide = arith::FPToSIOp::create(b, loc, b.getI64Type(), value);
    return arith::TruncIOp::create(b, loc, to, wide);
  }
  if (fromWidth > toWidth)
    return arith::TruncIOp::create(b, loc, to, value);
  if (fromWidth == toWidth)
    return value;
  return fromUnsigned || fromWidth == 1
             ? arith::ExtUIOp::create(b, loc, to, value).getResult()
             : arith::ExtSIOp::create(b, loc, to, value).getResult();
}

} // namespace jarana::raise
