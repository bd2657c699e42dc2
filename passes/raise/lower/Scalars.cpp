// Scalar arithmetic for the bodies of elementwise operations.
#include "passes/raise/lower/Scalars.h"

using namespace mlir;

namespace jarana::raise {

static bool isFloat(Value value) { return isa<FloatType>(value.getType()); }

Value Scalars::number(Type type, double value) {
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  if (isa<IndexType>(type))
    return arith::ConstantIndexOp::create(b, loc, static_cast<int64_t>(value));
  return arith::ConstantOp::create(
      b, loc, b.getIntegerAttr(type, static_cast<int64_t>(value)));
}

Value Scalars::add(Value lhs, Value rhs) {
  return isFloat(lhs) ? Value(arith::AddFOp::create(b, loc, lhs, rhs))
                      : Value(arith::AddIOp::create(b, loc, lhs, rhs));
}
Value Scalars::sub(Value lhs, Value rhs) {
  return isFloat(lhs) ? Value(arith::SubFOp::create(b, loc, lhs, rhs))
                      : Value(arith::SubIOp::create(b, loc, lhs, rhs));
}
Value Scalars::mul(Value lhs, Value rhs) {
  return isFloat(lhs) ? Value(arith::MulFOp::create(b, loc, lhs, rhs))
                      : Value(arith::MulIOp::create(b, loc, lhs, rhs));
}

Value Scalars::nonZero(Value divisor) {
  if (matchPattern(divisor, m_NonZero()))
    return divisor;
  Value isZero = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq,
                                       divisor, number(divisor.getType(), 0));
  return arith::SelectOp::create(b, loc, isZero, number(divisor.getType(), 1),
                                 divisor);
}

Value Scalars::div(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::DivFOp::create(b, loc, lhs, rhs);
  rhs = nonZero(rhs);
  return isUnsigned ? Value(arith::DivUIOp::create(b, loc, lhs, rhs))
                    : Value(arith::DivSIOp::create(b, loc, lhs, rhs));
}

Value Scalars::truncMod(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::RemFOp::create(b, loc, lhs, rhs);
  rhs = nonZero(rhs);
  return isUnsigned ? Value(arith::RemUIOp::create(b, loc, lhs, rhs))
                    : Value(arith::RemSIOp::create(b, loc, lhs, rhs));
}

Value Scalars::floorMod(Value lhs, Value rhs) {
  Value rest = truncMod(lhs, rhs);
  if (isUnsigned)
    return rest;
  // A rest of the other sign than the divisor is one divisor too low or too
  // high.
  Value zero = number(lhs.getType(), 0);
  Value differ, notZero;
  if (isFloat(lhs)) {
    notZero =
        arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, rest, zero);
    differ = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT,
                                   mul(rest, rhs), zero);
  } else {
    notZero =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, rest, zero);
    Value signs = arith::XOrIOp::create(b, loc, rest, rhs);
    differ =
        arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, signs, zero);
  }
  Value wrong = arith::AndIOp::create(b, loc, notZero, differ);
  return select(wrong, add(rest, rhs), rest);
}

Value Scalars::min(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::MinimumFOp::create(b, loc, lhs, rhs);
  return isUnsigned ? Value(arith::MinUIOp::create(b, loc, lhs, rhs))
                    : Value(arith::MinSIOp::create(b, loc, lhs, rhs));
}
Value Scalars::max(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::MaximumFOp::create(b, loc, lhs, rhs);
  return isUnsigned ? Value(arith::MaxUIOp::create(b, loc, lhs, rhs))
                    : Value(arith::MaxSIOp::create(b, loc, lhs, rhs));
}
Value Scalars::neg(Value value) {
  return isFloat(value) ? Value(arith::NegFOp::create(b, loc, value))
                        : sub(number(value.getType(), 0), value);
}
Value Scalars::abs(Value value) {
  if (isFloat(value))
    return math::AbsFOp::create(b, loc, value);
  return isUnsigned ? value : max(value, neg(value));
}

Value Scalars::less(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, lhs, rhs);
  return arith::CmpIOp::create(b, loc,
                               isUnsigned ? arith::CmpIPredicate::ult
                                          : arith::CmpIPredicate::slt,
                               lhs, rhs);
}
Value Scalars::greater(Value lhs, Value rhs) { return less(rhs, lhs); }
Value Scalars::lessEqual(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLE, lhs, rhs);
  return arith::CmpIOp::create(b, loc,
                               isUnsigned ? arith::CmpIPredicate::ule
                                          : arith::CmpIPredicate::sle,
                               lhs, rhs);
}
Value Scalars::equal(Value lhs, Value rhs) {
  if (isFloat(lhs))
    return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, lhs, rhs);
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lhs, rhs);
}
Value Scalars::select(Value condition, Value yes, Value no) {
  return arith::SelectOp::create(b, loc, condition, yes, no);
}

Value Scalars::exp(Value value) { return math::ExpOp::create(b, loc, value); }
Value Scalars::tanh(Value value) { return math::TanhOp::create(b, loc, value); }
Value Scalars::sigmoid(Value value) {
  Value one = number(value.getType(), 1);
  return div(one, add(one, exp(neg(value))));
}
Value Scalars::preciseSigmoid(Value value) {
  Value one = number(value.getType(), 1), zero = number(value.getType(), 0);
  Value negative = less(value, zero), power = exp(neg(value));
  Value part = div(select(negative, one, power), add(one, power));
  return select(negative, part, sub(one, part));
}
Value Scalars::softplus(Value value) {
  Value rest = math::Log1pOp::create(b, loc, exp(neg(abs(value))));
  return add(max(value, number(value.getType(), 0)), rest);
}
Value Scalars::isNan(Value value) {
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNO, value, value);
}

} // namespace jarana::raise
