// Tensors that are made from numbers: Range, ConstantOfShape, OneHot; and Shape
// and Size where they are data.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

using namespace mlir;

namespace jarana::raise {
namespace {

Value extractScalar(Lowering &lowering, Operation *op, unsigned operand) {
  Tensor tensor = lowering.get(op, operand);
  TensorBuilder &build = lowering.build;
  if (Value scalar = build.splatOf(tensor.value, build.b))
    return scalar;
  SmallVector<Value> at(static_cast<size_t>(tensor.rank()),
                        build.index(Expr(0)));
  return tensor::ExtractOp::create(build.b, build.loc, tensor.value, at);
}

LogicalResult lowerRange(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Value start = extractScalar(lowering, op, 0),
        limit = extractScalar(lowering, op, 1),
        delta = extractScalar(lowering, op, 2);
  Type element = lowering.resultType(op);
  OpBuilder &b = build.b;
  bool isFloat = isa<FloatType>(element);
  if (!lowering.contents(op, 0) || !lowering.contents(op, 1) ||
      !lowering.contents(op, 2)) {
    // max(ceil((limit - start) / delta), 0)
    Type wide = b.getF64Type();
    Scalars s(b, build.loc);
    auto toWide = [&](Value value) {
      return convertScalar(b, build.loc, value, wide, false, false);
    };
    Value count = math::CeilOp::create(
        b, build.loc,
        s.div(s.sub(toWide(limit), toWide(start)), toWide(delta)));
    Value number = arith::FPToSIOp::create(b, build.loc, b.getI64Type(),
                                           s.max(count, s.number(wide, 0)));
    Value index =
        arith::IndexCastOp::create(b, build.loc, b.getIndexType(), number);
    lowering.defineDim(op->getResult(0), 0,
                       lowering.runtime(index, "length of Range node '" +
                                                   hybrid::nodeName(op) + "'"));
  }
  lowering.set(op->getResult(0),
               build.generate(
                   {}, lowering.shapeOf(op->getResult(0)), element,
                   [&](OpBuilder &at, Location loc, ValueRange indices,
                       ValueRange) -> Value {
                     Type wide = isFloat ? build.computeType(element) : element;
                     Scalars s(at, loc);
                     Value integer = arith::IndexCastOp::create(
                         at, loc, isFloat ? at.getI64Type() : element,
                         indices[0]);
                     Value position =
                         convertScalar(at, loc, integer, wide, false, false);
                     Value step = s.mul(position, build.toCompute(at, delta));
                     return build.toElement(
                         at, s.add(build.toCompute(at, start), step), element);
                   }));
  return success();
}

LogicalResult lowerConstantOfShape(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Type element = lowering.resultType(op);
  if (!lowering.contents(op, 0))
    for (auto [axis, extent] : llvm::enumerate(lowering.elements(op, 0)))
      lowering.defineDim(op->getResult(0), static_cast<unsigned>(axis), extent);
  Value scalar = build.scalar(element, 0);
  if (auto value = op->getAttrOfType<DenseElementsAttr>("value")) {
    Type original = value.getElementType();
    if (isa<FloatType>(original))
      scalar = arith::ConstantOp::create(
          build.b, build.loc,
          cast<TypedAttr>(*value.getValues<Attribute>().begin()));
    else
      scalar = arith::ConstantOp::create(
          build.b, build.loc,
          build.b.getIntegerAttr(element, *value.getValues<APInt>().begin()));
  }
  lowering.set(op->getResult(0),
               build.fill(lowering.shapeOf(op->getResult(0)), scalar));
  return success();
}

LogicalResult lowerShape(Lowering &lowering, Operation *op) {
  // Known symbolically for every rank that occurs; here only for tensors that
  // are too large for that.
  return Lowering::error(op) << "has a result that is not known symbolically";
}

LogicalResult lowerOneHot(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Shape shape = lowering.shapeOf(op->getResult(0));
  auto rank = static_cast<int64_t>(shape.size());
  int64_t axis = Lowering::integer(op, "axis", -1);
  axis = axis < 0 ? axis + rank : axis;
  lowering.defineDim(op->getResult(0), static_cast<unsigned>(axis),
                     lowering.elements(op, 1).front());
  shape = lowering.shapeOf(op->getResult(0));
  Tensor indices = lowering.get(op, 0);
  Tensor values = lowering.get(op, 2);
  Shape aligned = indices.shape;
  aligned.insert(aligned.begin() + axis, Expr(1));
  Value off = tensor::ExtractOp::create(build.b, build.loc, values.value,
                                        ValueRange{build.index(Expr(0))});
  Value on = tensor::ExtractOp::create(build.b, build.loc, values.value,
                                       ValueRange{build.index(Expr(1))});
  Value depth = build.index(shape[axis]);
  bool isFloat = isa<FloatType>(indices.elementType());
  lowering.set(
      op->getResult(0),
      build.generate(
          {build.reshape(indices, aligned)}, shape, lowering.resultType(op),
          [&](OpBuilder &b, Location loc, ValueRange at,
              ValueRange v) -> Value {
            Value integer =
                isFloat
                    ? convertScalar(b, loc, v[0], b.getI64Type(), false, false)
                    : v[0];
            Value index =
                arith::IndexCastOp::create(b, loc, b.getIndexType(), integer);
            Value zero = arith::ConstantIndexOp::create(b, loc, 0);
            Value negative = arith::CmpIOp::create(
                b, loc, arith::CmpIPredicate::slt, index, zero);
            Value moved = arith::AddIOp::create(b, loc, index, depth);
            index = arith::SelectOp::create(b, loc, negative, moved, index);
            Value here = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                               index, at[axis]);
            return arith::SelectOp::create(b, loc, here, on, off);
          }));
  return success();
}

} // namespace

void addShapes(LoweringTable &table) {
  table["Range"] = lowerRange;
  table["ConstantOfShape"] = lowerConstantOfShape;
  table["Shape"] = table["Size"] = lowerShape;
  table["OneHot"] = lowerOneHot;
}

} // namespace jarana::raise
