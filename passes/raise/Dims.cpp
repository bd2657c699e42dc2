// Symbolic dimensions to `index` arithmetic.
#include "passes/raise/Dims.h"

using namespace mlir;

namespace jarana::raise {

bool DimMaterializer::atEntry(const Expr &expr) const {
  for (symbolic::SymbolId id : expr.symbols())
    if (!context.symbolInfo(id).isInput)
      return false;
  return true;
}

Value DimMaterializer::index(OpBuilder &at, const Expr &expr) {
  return plain(at, context.simplify(expr));
}

Value DimMaterializer::plain(OpBuilder &at, const Expr &expr) {
  if (!atEntry(expr))
    return emit(at, expr);
  for (auto &[known, value] : made)
    if (known == expr)
      return value;
  OpBuilder entry(anchor);
  Value value = emit(entry, expr);
  made.emplace_back(expr, value);
  return value;
}

OpFoldResult DimMaterializer::fold(OpBuilder &at, const Expr &expr) {
  Expr simple = context.simplify(expr);
  if (std::optional<int64_t> number = simple.constant())
    return at.getIndexAttr(*number);
  return plain(at, simple);
}

Value DimMaterializer::emit(OpBuilder &b, const Expr &expr) {
  Location loc = anchor->getLoc();
  auto constant = [&](int64_t number) -> Value {
    return arith::ConstantIndexOp::create(b, loc, number);
  };
  auto toIndex = [&](Value condition) -> Value {
    return b.createOrFold<arith::IndexCastUIOp>(loc, b.getIndexType(),
                                                condition);
  };
  auto compare = [&](arith::CmpIPredicate predicate, Value lhs,
                     Value rhs) -> Value {
    return b.createOrFold<arith::CmpIOp>(loc, predicate, lhs, rhs);
  };
  symbolic::Visitor<Value> visitor;
  visitor.constant = constant;
  visitor.symbol = [&](symbolic::SymbolId id) { return source(b, id); };
  visitor.add = [&](Value lhs, Value rhs) -> Value {
    return b.createOrFold<arith::AddIOp>(loc, lhs, rhs);
  };
  visitor.mul = [&](Value lhs, Value rhs) -> Value {
    return b.createOrFold<arith::MulIOp>(loc, lhs, rhs);
  };
  visitor.function = [&](symbolic::Function function,
                         std::vector<Value> operands) -> Value {
    switch (function) {
    case symbolic::Function::FloorDiv: {
      // A divisor of zero is a graph's own error for such inputs (a check
      // refuses them); it must not trap.
      Value divisor = operands[1];
      if (!getConstantIntValue(divisor)) {
        Value isZero = compare(arith::CmpIPredicate::eq, divisor, constant(0));
        divisor =
            b.createOrFold<arith::SelectOp>(loc, isZero, constant(1), divisor);
      }
      return b.createOrFold<arith::FloorDivSIOp>(loc, operands[0], divisor);
    }
    case symbolic::Function::Min:
      return b.createOrFold<arith::MinSIOp>(loc, operands[0], operands[1]);
    case symbolic::Function::Max:
      return b.createOrFold<arith::MaxSIOp>(loc, operands[0], operands[1]);
    case symbolic::Function::Less:
      return toIndex(
          compare(arith::CmpIPredicate::slt, operands[0], operands[1]));
    case symbolic::Function::Equal:
      return toIndex(
          compare(arith::CmpIPredicate::eq, operands[0], operands[1]));
    }
    llvm_unreachable("all functions are handled");
  };
  return symbolic::fold(expr, visitor);
}

} // namespace jarana::raise
