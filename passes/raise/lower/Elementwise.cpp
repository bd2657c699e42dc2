// Arithmetic and activation functions, element by element.
#include "passes/raise/lower/MapElements.h"
#include "passes/raise/named/Named.h"

#include <cmath>

using namespace mlir;

namespace jarana::raise {
namespace {

template <Value (Scalars::*method)(Value)>
LogicalResult unary(Lowering &lowering, Operation *op) {
  return mapElements(lowering, op,
                     [](OpBuilder &, Location, Scalars s, ValueRange v) {
                       return (s.*method)(v[0]);
                     });
}

template <class MathOp>
LogicalResult unaryOp(Lowering &lowering, Operation *op) {
  return mapElements(
      lowering, op,
      [](OpBuilder &b, Location loc, Scalars, ValueRange v) -> Value {
        return isa<FloatType>(v[0].getType())
                   ? MathOp::create(b, loc, v[0]).getResult()
                   : v[0];
      });
}

/// Folds the operands from the left: Add, Max of several, ...
template <Value (Scalars::*method)(Value, Value)>
LogicalResult binary(Lowering &lowering, Operation *op) {
  return mapElements(lowering, op,
                     [](OpBuilder &, Location, Scalars s, ValueRange v) {
                       Value result = v[0];
                       for (Value next : v.drop_front())
                         result = (s.*method)(result, next);
                       return result;
                     });
}

LogicalResult lowerMean(Lowering &lowering, Operation *op) {
  return mapElements(
      lowering, op, [](OpBuilder &, Location, Scalars s, ValueRange v) {
        Value sum = v[0];
        for (Value next : v.drop_front())
          sum = s.add(sum, next);
        return s.div(sum,
                     s.number(sum.getType(), static_cast<double>(v.size())));
      });
}

/// Integers: no divisor may be zero, unless the result has no elements.
void checkDivisors(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  OpBuilder &b = lowering.builder();
  Type element = lowering.resultType(op);
  if (!isa<IntegerType>(element))
    return;
  Value condition;
  auto require = [&](Value next) {
    condition = condition ? b.createOrFold<arith::AndIOp>(lowering.loc(),
                                                          condition, next)
                          : next;
  };
  auto isNonZero = [&](OpBuilder &at, Location loc, Value divisor) -> Value {
    Value zero = Scalars(at, loc).number(divisor.getType(), 0);
    return at.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::ne,
                                          divisor, zero);
  };
  symbolic::Context &context = lowering.context();
  if (auto known = lowering.contents(op, 1)) {
    for (const Expr &divisor : *known)
      if (!context.proveDifferent(divisor, Expr(0)))
        require(isNonZero(b, lowering.loc(), build.index(divisor)));
  } else {
    Tensor divisors = lowering.get(op, 1);
    DenseIntElementsAttr numbers;
    if (matchPattern(divisors.value, m_Constant(&numbers)) &&
        llvm::none_of(numbers.getValues<APInt>(),
                      [](const APInt &number) { return number.isZero(); }))
      return;
    SmallVector<int64_t> axes =
        llvm::to_vector(llvm::seq<int64_t>(0, divisors.rank()));
    Tensor all = build.reduce(
        divisors, axes, false, build.scalar(b.getI1Type(), 1),
        [&](OpBuilder &at, Location loc, ValueRange v) -> Value {
          return arith::AndIOp::create(at, loc, v[0], isNonZero(at, loc, v[1]));
        });
    require(
        tensor::ExtractOp::create(b, lowering.loc(), all.value, ValueRange{}));
  }
  if (!condition)
    return;
  Expr count = build.product(lowering.shapeOf(op->getResult(0)));
  if (!context.provePositive(count)) {
    Value empty =
        Scalars(b, lowering.loc())
            .equal(build.index(count),
                   arith::ConstantIndexOp::create(b, lowering.loc(), 0));
    condition = arith::OrIOp::create(b, lowering.loc(), condition, empty);
  }
  lowering.check(condition, Lowering::operatorName(op) + " node '" +
                                hybrid::nodeName(op) +
                                "': integer division by zero");
}

LogicalResult lowerDiv(Lowering &lowering, Operation *op) {
  checkDivisors(lowering, op);
  return binary<&Scalars::div>(lowering, op);
}

LogicalResult lowerMod(Lowering &lowering, Operation *op) {
  checkDivisors(lowering, op);
  bool fmod = Lowering::integer(op, "fmod") != 0;
  return mapElements(
      lowering, op, [&](OpBuilder &, Location, Scalars s, ValueRange v) {
        return fmod ? s.truncMod(v[0], v[1]) : s.floorMod(v[0], v[1]);
      });
}

/// base^exponent of integers, modulo 2^width: by squaring, as long as the
/// exponent has bits. By a negative one, 1 / base^-exponent rounded to zero.
Value integerPower(OpBuilder &b, Location loc, Value base, Value exponent,
                   bool isSigned) {
  Scalars s(b, loc);
  Type type = base.getType(), wide = exponent.getType();
  Value one = s.number(type, 1), result = one, power = base;
  APInt known;
  bool isKnown = matchPattern(exponent, m_ConstantInt(&known));
  unsigned bits = isKnown && !(isSigned && known.isNegative())
                      ? known.getActiveBits()
                      : wide.getIntOrFloatBitWidth();
  for (unsigned bit = 0; bit < bits; ++bit) {
    Value mask = arith::ConstantOp::create(
        b, loc,
        b.getIntegerAttr(
            wide, APInt::getOneBitSet(wide.getIntOrFloatBitWidth(), bit)));
    Value isSet = arith::CmpIOp::create(
        b, loc, arith::CmpIPredicate::ne,
        b.createOrFold<arith::AndIOp>(loc, exponent, mask), s.number(wide, 0));
    result = s.select(isSet, s.mul(result, power), result);
    if (bit + 1 < bits)
      power = s.mul(power, power);
  }
  if (!isSigned || (isKnown && !known.isNegative()))
    return result;
  Value zero = s.number(type, 0), minusOne = s.number(type, -1);
  Value odd =
      s.equal(arith::AndIOp::create(b, loc, exponent, s.number(wide, 1)),
              s.number(wide, 1));
  Value inverse = s.select(
      s.equal(base, one), one,
      s.select(s.equal(base, minusOne), s.select(odd, minusOne, one), zero));
  return s.select(s.less(exponent, s.number(wide, 0)), inverse, result);
}

LogicalResult lowerPow(Lowering &lowering, Operation *op) {
  bool isSigned = !Lowering::isUnsigned(op->getOperand(1));
  return mapElements(
      lowering, op,
      [&](OpBuilder &b, Location loc, Scalars s, ValueRange v) -> Value {
        Value base = v[0], exponent = v[1];
        Type type = base.getType();
        if (isa<IntegerType>(type) && isa<IntegerType>(exponent.getType()))
          return integerPower(b, loc, base, exponent, isSigned);
        FloatAttr constant;
        if (matchPattern(exponent, m_Constant(&constant)) &&
            isa<FloatType>(type)) {
          double power = constant.getValueAsDouble();
          if (power == 2)
            return s.mul(base, base);
          if (power == 3)
            return s.mul(s.mul(base, base), base);
          if (power == 0.5)
            return math::SqrtOp::create(b, loc, base);
          if (power == -1)
            return s.div(s.number(type, 1), base);
          if (power == 1)
            return base;
        }
        Type wide = isa<FloatType>(type) ? type : Type(b.getF64Type());
        Value power = convertScalar(b, loc, exponent, wide, false, false);
        Value raised = math::PowFOp::create(
            b, loc, convertScalar(b, loc, base, wide, false, false), power);
        return convertScalar(b, loc, raised, type, false, false);
      });
}

LogicalResult lowerReciprocal(Lowering &lowering, Operation *op) {
  return mapElements(lowering, op,
                     [](OpBuilder &, Location, Scalars s, ValueRange v) {
                       return s.div(s.number(v[0].getType(), 1), v[0]);
                     });
}

/// 16-bit results are rounded so coarsely that the plain form serves them.
LogicalResult lowerSigmoid(Lowering &lowering, Operation *op) {
  bool isNarrow = lowering.resultType(op).getIntOrFloatBitWidth() < 32;
  return mapElements(
      lowering, op, [&](OpBuilder &, Location, Scalars s, ValueRange v) {
        return isNarrow ? s.sigmoid(v[0]) : s.preciseSigmoid(v[0]);
      });
}

LogicalResult lowerRelu(Lowering &lowering, Operation *op) {
  return mapElements(lowering, op,
                     [](OpBuilder &, Location, Scalars s, ValueRange v) {
                       return s.max(v[0], s.number(v[0].getType(), 0));
                     });
}

LogicalResult lowerSign(Lowering &lowering, Operation *op) {
  return mapElements(
      lowering, op, [](OpBuilder &, Location, Scalars s, ValueRange v) {
        Type type = v[0].getType();
        Value zero = s.number(type, 0), one = s.number(type, 1);
        Value positive = s.select(s.greater(v[0], zero), one, zero);
        return s.select(s.less(v[0], zero), s.neg(one), positive);
      });
}

LogicalResult lowerClip(Lowering &lowering, Operation *op) {
  SmallVector<Tensor> inputs = {lowering.get(op, 0)};
  bool hasMin = lowering.present(op, 1), hasMax = lowering.present(op, 2);
  if (hasMin)
    inputs.push_back(lowering.get(op, 1));
  if (hasMax)
    inputs.push_back(lowering.get(op, 2));
  bool isUnsigned = Lowering::isUnsigned(op->getOperand(0));
  lowering.set(op->getResult(0),
               lowering.build.elementwise(
                   inputs, lowering.shapeOf(op->getResult(0)),
                   lowering.resultType(op),
                   [&](OpBuilder &b, Location loc, ValueRange v) {
                     Scalars s(b, loc, isUnsigned);
                     Value result = hasMin ? s.max(v[0], v[1]) : v[0];
                     return hasMax ? s.min(result, v[hasMin ? 2 : 1]) : result;
                   }));
  return success();
}

Value gelu(OpBuilder &b, Location loc, Scalars s, Value x, bool tanhForm) {
  Type type = x.getType();
  Value inner;
  if (tanhForm) {
    Value cube = s.mul(s.mul(x, x), x);
    Value sum = s.add(x, s.mul(s.number(type, 0.044715), cube));
    inner = s.tanh(s.mul(s.number(type, std::sqrt(2.0 / M_PI)), sum));
  } else {
    inner =
        math::ErfOp::create(b, loc, s.mul(x, s.number(type, std::sqrt(0.5))));
  }
  return s.mul(s.mul(s.number(type, 0.5), x), s.add(s.number(type, 1), inner));
}

LogicalResult lowerGelu(Lowering &lowering, Operation *op) {
  bool tanhForm = Lowering::text(op, "approximate", "none") == "tanh";
  return mapElements(lowering, op,
                     [&](OpBuilder &b, Location loc, Scalars s, ValueRange v) {
                       return gelu(b, loc, s, v[0], tanhForm);
                     });
}

/// The activations with constants as attributes; `s.number` gives them in the
/// type of the computation.
LogicalResult lowerActivation(Lowering &lowering, Operation *op) {
  std::string name = Lowering::operatorName(op);
  double alpha = Lowering::real(op, "alpha", 1),
         beta = Lowering::real(op, "beta", 0.5),
         gamma = Lowering::real(op, "gamma", 1);
  return mapElements(
      lowering, op,
      [&](OpBuilder &b, Location loc, Scalars s, ValueRange v) -> Value {
        Value x = v[0];
        Type type = x.getType();
        auto number = [&](double value) { return s.number(type, value); };
        Value zero = number(0), positive = s.greater(x, zero);
        auto expm1 = [&](Value value) -> Value {
          return math::ExpM1Op::create(b, loc, value);
        };
        if (name == "LeakyRelu")
          return s.select(s.less(x, zero), s.mul(number(alpha), x), x);
        if (name == "PRelu")
          return s.select(s.less(x, zero), s.mul(v[1], x), x);
        if (name == "Elu")
          return s.select(s.less(x, zero), s.mul(number(alpha), expm1(x)), x);
        if (name == "Selu")
          return s.mul(number(gamma),
                       s.select(positive, x, s.mul(number(alpha), expm1(x))));
        if (name == "Celu")
          return s.add(s.max(x, zero),
                       s.min(zero, s.mul(number(alpha),
                                         expm1(s.div(x, number(alpha))))));
        if (name == "HardSigmoid")
          return s.max(zero, s.min(number(1), s.add(s.mul(number(alpha), x),
                                                    number(beta))));
        if (name == "HardSwish")
          return s.mul(
              x, s.max(zero, s.min(number(1),
                                   s.add(s.div(x, number(6)), number(0.5)))));
        if (name == "Mish")
          return s.mul(x, s.tanh(s.softplus(x)));
        if (name == "Softsign")
          return s.div(x, s.add(number(1), s.abs(x)));
        if (name == "Swish")
          return s.mul(x, s.sigmoid(s.mul(number(alpha), x)));
        return s.select(s.greater(x, number(alpha)), x,
                        zero); // ThresholdedRelu
      });
}

/// A product, unless it ends a norm.
LogicalResult lowerMul(Lowering &lowering, Operation *op) {
  return lowerGatedNorm(lowering, op) ? success()
                                      : binary<&Scalars::mul>(lowering, op);
}

} // namespace

void addElementwise(LoweringTable &table) {
  table["Add"] = table["Sum"] = binary<&Scalars::add>;
  table["Sub"] = binary<&Scalars::sub>;
  table["Mul"] = lowerMul;
  table["Div"] = lowerDiv;
  table["Max"] = binary<&Scalars::max>;
  table["Min"] = binary<&Scalars::min>;
  table["Mean"] = lowerMean;
  table["Mod"] = lowerMod;
  table["Pow"] = lowerPow;
  table["Neg"] = unary<&Scalars::neg>;
  table["Abs"] = unary<&Scalars::abs>;
  table["Exp"] = unary<&Scalars::exp>;
  table["Tanh"] = unary<&Scalars::tanh>;
  table["Sigmoid"] = lowerSigmoid;
  table["Softplus"] = unary<&Scalars::softplus>;
  table["Reciprocal"] = lowerReciprocal;
  table["Relu"] = lowerRelu;
  table["Sign"] = lowerSign;
  table["Clip"] = lowerClip;
  table["Gelu"] = lowerGelu;
  table["Sqrt"] = unaryOp<math::SqrtOp>;
  table["Log"] = unaryOp<math::LogOp>;
  table["Erf"] = unaryOp<math::ErfOp>;
  table["Sin"] = unaryOp<math::SinOp>;
  table["Cos"] = unaryOp<math::CosOp>;
  table["Tan"] = unaryOp<math::TanOp>;
  table["Sinh"] = unaryOp<math::SinhOp>;
  table["Cosh"] = unaryOp<math::CoshOp>;
  table["Asin"] = unaryOp<math::AsinOp>;
  table["Acos"] = unaryOp<math::AcosOp>;
  table["Atan"] = unaryOp<math::AtanOp>;
  table["Asinh"] = unaryOp<math::AsinhOp>;
  table["Acosh"] = unaryOp<math::AcoshOp>;
  table["Atanh"] = unaryOp<math::AtanhOp>;
  table["Floor"] = unaryOp<math::FloorOp>;
  table["Ceil"] = unaryOp<math::CeilOp>;
  table["Round"] = unaryOp<math::RoundEvenOp>;
  for (const char *name :
       {"LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "HardSigmoid", "HardSwish",
        "Mish", "Softsign", "Swish", "ThresholdedRelu"})
    table[name] = lowerActivation;
}

} // namespace jarana::raise
