// Comparisons, booleans, Where, Cast.
#include "passes/raise/lower/MapElements.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// Booleans, and elements that are chosen or converted, are not rounded.
template <class Function>
LogicalResult mapRaw(Lowering &lowering, Operation *op, Function function) {
  return mapElements(lowering, op, function, Elements::Raw);
}

template <Value (Scalars::*method)(Value, Value)>
LogicalResult compare(Lowering &lowering, Operation *op) {
  return mapRaw(lowering, op,
                [](OpBuilder &, Location, Scalars s, ValueRange v) {
                  return (s.*method)(v[0], v[1]);
                });
}

LogicalResult lowerGreaterOrEqual(Lowering &lowering, Operation *op) {
  return mapRaw(lowering, op,
                [](OpBuilder &, Location, Scalars s, ValueRange v) {
                  return s.lessEqual(v[1], v[0]);
                });
}

template <class ArithOp>
LogicalResult logical(Lowering &lowering, Operation *op) {
  return mapRaw(lowering, op,
                [](OpBuilder &b, Location loc, Scalars, ValueRange v) -> Value {
                  return ArithOp::create(b, loc, v[0], v[1]);
                });
}

LogicalResult lowerNot(Lowering &lowering, Operation *op) {
  return mapRaw(
      lowering, op,
      [](OpBuilder &b, Location loc, Scalars s, ValueRange v) -> Value {
        return arith::XOrIOp::create(b, loc, v[0], s.number(b.getI1Type(), 1));
      });
}

LogicalResult lowerIsNaN(Lowering &lowering, Operation *op) {
  return mapRaw(lowering, op,
                [](OpBuilder &, Location, Scalars s, ValueRange v) {
                  return s.isNan(v[0]);
                });
}

LogicalResult lowerIsInf(Lowering &lowering, Operation *op) {
  bool positive = Lowering::integer(op, "detect_positive", 1) != 0,
       negative = Lowering::integer(op, "detect_negative", 1) != 0;
  return mapRaw(
      lowering, op,
      [&](OpBuilder &b, Location loc, Scalars s, ValueRange v) -> Value {
        Value infinity =
            s.number(v[0].getType(), std::numeric_limits<double>::infinity());
        Value result = s.number(b.getI1Type(), 0);
        if (positive)
          result =
              arith::OrIOp::create(b, loc, result, s.equal(v[0], infinity));
        if (negative)
          result = arith::OrIOp::create(b, loc, result,
                                        s.equal(v[0], s.neg(infinity)));
        return result;
      });
}

LogicalResult lowerWhere(Lowering &lowering, Operation *op) {
  return mapRaw(lowering, op,
                [](OpBuilder &, Location, Scalars s, ValueRange v) {
                  return s.select(v[0], v[1], v[2]);
                });
}

LogicalResult lowerCast(Lowering &lowering, Operation *op) {
  bool fromUnsigned = Lowering::isUnsigned(op->getOperand(0)),
       toUnsigned = Lowering::isUnsigned(op->getResult(0));
  Type element = lowering.resultType(op);
  if (lowering.get(op, 0).elementType() == element) {
    lowering.set(op->getResult(0), lowering.get(op, 0));
    return success();
  }
  return mapRaw(
      lowering, op, [&](OpBuilder &b, Location loc, Scalars, ValueRange v) {
        return convertScalar(b, loc, v[0], element, fromUnsigned, toUnsigned);
      });
}

} // namespace

void addLogic(LoweringTable &table) {
  table["Equal"] = compare<&Scalars::equal>;
  table["Less"] = compare<&Scalars::less>;
  table["Greater"] = compare<&Scalars::greater>;
  table["LessOrEqual"] = compare<&Scalars::lessEqual>;
  table["GreaterOrEqual"] = lowerGreaterOrEqual;
  table["And"] = logical<arith::AndIOp>;
  table["Or"] = logical<arith::OrIOp>;
  table["Xor"] = logical<arith::XOrIOp>;
  table["Not"] = lowerNot;
  table["IsNaN"] = lowerIsNaN;
  table["IsInf"] = lowerIsInf;
  table["Where"] = lowerWhere;
  table["Cast"] = lowerCast;
}

} // namespace jarana::raise
