// cpu-guard-arithmetic: no operand of an integer division or of a conversion
// from a float to an integer traps or gives poison.
#include "passes/cpu/Passes.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_GUARDARITHMETICPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// A constant of the type (a splat where it is a vector).
Value integer(ImplicitLocOpBuilder &b, Type type, int64_t value) {
  TypedAttr attribute = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return arith::ConstantOp::create(b, attribute);
}

Value real(ImplicitLocOpBuilder &b, Type type, double value) {
  TypedAttr attribute = b.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, Attribute(attribute));
  return arith::ConstantOp::create(b, attribute);
}

Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

Value isEqual(ImplicitLocOpBuilder &b, Value lhs, int64_t rhs) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, lhs,
                               integer(b, lhs.getType(), rhs));
}

/// Divides by 1 where the divisor is 0 and, of signed integers, where it is -1:
/// then the quotient is the negated dividend, which wraps, and the remainder
/// is 0, as by 1.
void guardDivision(Operation *op, bool isSigned, bool isQuotient) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  Value dividend = op->getOperand(0), divisor = op->getOperand(1);
  APInt known;
  if (matchPattern(divisor, m_ConstantInt(&known)) && !known.isZero() &&
      !(isSigned && known.isAllOnes()))
    return;
  Value unsafe = isEqual(b, divisor, 0), isMinusOne;
  if (isSigned) {
    isMinusOne = isEqual(b, divisor, -1);
    unsafe = arith::OrIOp::create(b, unsafe, isMinusOne);
  }
  op->setOperand(1, arith::SelectOp::create(
                        b, unsafe, integer(b, divisor.getType(), 1), divisor));
  if (!isSigned || !isQuotient)
    return;
  b.setInsertionPointAfter(op);
  Value quotient = op->getResult(0);
  Value negated =
      arith::SubIOp::create(b, integer(b, dividend.getType(), 0), dividend);
  auto result = arith::SelectOp::create(b, isMinusOne, negated, quotient);
  quotient.replaceAllUsesExcept(result, result);
}

/// -2^63 <= x < 2^63, and no NaN.
Value fitsSigned(ImplicitLocOpBuilder &b, Value x) {
  using P = arith::CmpFPredicate;
  Value above =
            arith::CmpFOp::create(b, P::OGE, x, real(b, x.getType(), -0x1p63)),
        below =
            arith::CmpFOp::create(b, P::OLT, x, real(b, x.getType(), 0x1p63));
  return arith::AndIOp::create(b, above, below);
}

/// In 64 bits, cut to the type: what no 64-bit integer holds, and NaN, becomes
/// the least one, as in Cast of the reference evaluator (and on x86).
void guardConversion(Operation *op, bool isSigned) {
  ImplicitLocOpBuilder b(op->getLoc(), op);
  Value x = op->getOperand(0);
  Type type = op->getResult(0).getType();
  Type element = getElementTypeOrSelf(x.getType());
  if (element.getIntOrFloatBitWidth() < 32) // whose infinity would be 2^63
    x = arith::ExtFOp::create(b, withElement(x.getType(), b.getF32Type()), x);
  Type wide = withElement(type, b.getI64Type());
  Value result = integer(b, wide, std::numeric_limits<int64_t>::min());
  bool isWide = getElementTypeOrSelf(type).getIntOrFloatBitWidth() == 64;
  if (!isSigned && isWide) {
    using P = arith::CmpFPredicate;
    Value above = arith::CmpFOp::create(b, P::OGE, x, real(b, x.getType(), 0)),
          below =
              arith::CmpFOp::create(b, P::OLT, x, real(b, x.getType(), 0x1p64));
    result =
        arith::SelectOp::create(b, arith::AndIOp::create(b, above, below),
                                arith::FPToUIOp::create(b, wide, x), result);
  }
  result = arith::SelectOp::create(b, fitsSigned(b, x),
                                   arith::FPToSIOp::create(b, wide, x), result);
  if (!isWide)
    result = arith::TruncIOp::create(b, type, result);
  op->getResult(0).replaceAllUsesWith(result);
  op->erase();
}

struct GuardArithmetic : impl::GuardArithmeticPassBase<GuardArithmetic> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<arith::DivSIOp, arith::FloorDivSIOp, arith::CeilDivSIOp,
              arith::RemSIOp, arith::DivUIOp, arith::CeilDivUIOp,
              arith::RemUIOp, arith::FPToSIOp, arith::FPToUIOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (isa<arith::FPToSIOp, arith::FPToUIOp>(op))
        guardConversion(op, isa<arith::FPToSIOp>(op));
      else
        guardDivision(op,
                      isa<arith::DivSIOp, arith::FloorDivSIOp,
                          arith::CeilDivSIOp, arith::RemSIOp>(op),
                      !isa<arith::RemSIOp, arith::RemUIOp>(op));
    }
  }
};
} // namespace
} // namespace jarana::cpu
