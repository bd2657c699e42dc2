#include "passes/raise/recognise/Degree.h"

#include "passes/raise/recognise/Recogniser.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using jarana::reference::Shape;

namespace jarana::raise::recognise {
namespace {

Degree most(const Degree &a, const Degree &b) {
  return {std::max(a.numerator, b.numerator), std::max(a.poles, b.poles),
          std::max(a.denominator, b.denominator), std::max(a.terms, b.terms)};
}

/// The sum of `count` numbers with denominators of their own.
Degree sum(const Degree &a, double count) {
  return {a.numerator + (count - 1) * a.denominator, a.poles,
          count * a.denominator, count * a.terms};
}

/// root^x: a monomial for each term, a pole where it is negative.
Degree exponential(const Degree &x) { return {x.terms, x.terms, 0, 1}; }

/// 1 / (1 + exp(-x)).
Degree sigmoid(const Degree &x) {
  return Degree{} / (Degree{} + exponential(x));
}

constexpr Degree fresh{1, 0, 0, 1};

/// The number of elements that an op without rules of its own sums for each
/// result, roughly: all that it reads over all that it gives.
double foldOf(double read, double given) {
  return std::max(1.0, read / std::max(1.0, given));
}

} // namespace

Degree operator+(const Degree &a, const Degree &b) {
  return {std::max(a.numerator + b.denominator, b.numerator + a.denominator),
          std::max(a.poles, b.poles), a.denominator + b.denominator,
          a.terms + b.terms};
}
Degree operator*(const Degree &a, const Degree &b) {
  return {a.numerator + b.numerator, a.poles + b.poles,
          a.denominator + b.denominator,
          std::max(a.terms, 1.0) * std::max(b.terms, 1.0)};
}
Degree operator/(const Degree &a, const Degree &b) {
  return {a.numerator + b.denominator + b.poles, a.poles,
          a.denominator + b.numerator, std::max(a.terms, b.terms)};
}

const Shape &DegreeTracker::shapeOf(Value value) const {
  static const Shape scalar;
  auto found = known.find(value);
  return found == known.end() ? scalar : found->second.shape;
}

double DegreeTracker::lastOf(Value value) const {
  const Shape &shape = shapeOf(value);
  return shape.empty() ? 1 : std::max<double>(1, double(shape.back()));
}

double DegreeTracker::sizeOf(Value value) const {
  return double(reference::elementCount(shapeOf(value)));
}

Degree DegreeTracker::degreeOf(Value value) const {
  auto found = known.find(value);
  if (found != known.end())
    return found->second.degree;
  auto argument = dyn_cast<BlockArgument>(value);
  Operation *loop = argument ? argument.getOwner()->getParentOp() : nullptr;
  if (!loop || opName(loop) != "Scan")
    return {};
  // A loop's state: what came in or what the last step gave.
  unsigned number = argument.getArgNumber();
  Degree degree = degreeOf(loop->getOperand(number));
  Operation *yield = argument.getOwner()->getTerminator();
  auto scanned = loop->getAttrOfType<IntegerAttr>("num_scan_inputs");
  if (scanned && number + scanned.getInt() < loop->getNumOperands() &&
      known.contains(yield->getOperand(number)))
    degree = most(degree, degreeOf(yield->getOperand(number)));
  return degree;
}

Degree DegreeTracker::rule(Operation &op, const Shape &result) {
  auto in = [&](unsigned i) {
    return i < op.getNumOperands() ? degreeOf(op.getOperand(i)) : Degree{};
  };
  StringRef name = opName(&op);
  double given = double(reference::elementCount(result));
  auto hash = [&](unsigned operands) {
    for (unsigned i = 0; i < operands; ++i)
      hashed += given * totalOf(in(i));
    return fresh;
  };
  if (name == "Add" || name == "Sub")
    return in(0) + in(1);
  if (name == "Mul")
    return in(0) * in(1);
  if (name == "Div")
    return in(0) / in(1);
  if (name == "Reciprocal")
    return Degree{} / in(0);
  if (name == "Pow") // a square, or a function of which nothing is known
    return in(0) * in(0) * hash(2);
  if (name == "Exp")
    return exponential(in(0));
  if (name == "Sigmoid")
    return sigmoid(in(0));
  if (name == "Swish")
    return in(0) * sigmoid(in(0));
  if (name == "Tanh")
    return sigmoid(in(0) + in(0)) + Degree{};
  if (name == "Softmax") {
    Degree power = exponential(in(0));
    return power / sum(power, lastOf(op.getOperand(0)));
  }
  if (name == "ReduceSum" || name == "ReduceMean")
    return sum(in(0), foldOf(sizeOf(op.getOperand(0)), given));
  if (name == "ReduceSumSquare")
    return sum(in(0) * in(0), foldOf(sizeOf(op.getOperand(0)), given));
  if (name == "CumSum") { // along some axis
    double longest = 1;
    for (int64_t dim : result)
      longest = std::max(longest, double(dim));
    return sum(in(0), longest);
  }
  if (name == "MatMul" || name == "Gemm")
    return sum(in(0) * in(1), lastOf(op.getOperand(0))) + in(2);
  if (name == "Einsum") {
    Degree product;
    double read = 1;
    for (unsigned i = 0; i < op.getNumOperands(); ++i) {
      product = product * in(i);
      read *= std::max(1.0, sizeOf(op.getOperand(i)));
    }
    return sum(product, foldOf(read, given));
  }
  if (name == "Conv" || name == "CausalConvWithState") {
    double taps = lastOf(op.getOperand(1));
    if (name == "Conv" && shapeOf(op.getOperand(1)).size() > 1)
      taps *= double(shapeOf(op.getOperand(1))[1]);
    Degree y = sum(in(0) * in(1), taps) + in(2) + in(3);
    return name == "Conv" ? y : y * sigmoid(y);
  }
  if (name == "RMSNormalization" || name == "LayerNormalization") {
    hashed += given * 2 * lastOf(op.getOperand(0)) * totalOf(in(0));
    return (in(0) / fresh) * in(1) + in(2);
  }
  if (name == "RotaryEmbedding")
    return sum(in(0) * most(in(1), in(2)), 2);
  if (name == "LinearAttention") { // query, key, value, past, decay, beta
    const Shape &shape = shapeOf(op.getOperand(0));
    double length =
        shape.size() > 1 ? std::max<double>(1, double(shape[1])) : 1;
    Degree step = exponential(in(4)) * in(1) * in(2) * in(5);
    Degree state{in(3).numerator + length * step.numerator,
                 in(3).poles + length * step.poles,
                 in(3).denominator + length * step.denominator, 1};
    return sum(state * in(0), lastOf(op.getOperand(1)));
  }
  if (name == "Attention" || name == "AttentionWithSink" ||
      name == "GroupQueryAttention") {
    const Shape &keys = shapeOf(op.getOperand(1));
    double count = keys.size() > 2 ? double(keys[keys.size() - 2]) : 1;
    Degree score = sum(in(0) * in(1), lastOf(op.getOperand(0))) + in(3);
    if (name == "AttentionWithSink")
      score = score + in(7);
    Degree power = exponential(score);
    return sum(in(2) * power, count) / sum(power, count);
  }
  bool isHash = llvm::StringSwitch<bool>(name)
                    .Cases({"Log", "Sqrt", "Softplus", "Erf", "Gelu"}, true)
                    .Cases({"Sin", "Cos", "Tan", "Floor", "Ceil"}, true)
                    .Cases({"Round", "Mod"}, true)
                    .Default(false);
  if (isHash)
    return hash(op.getNumOperands());
  // Movement and selection give elements of what they read; of the rest
  // nothing more is known than what they could multiply.
  Degree all;
  for (Value operand : op.getOperands())
    all = most(all, degreeOf(operand));
  return all;
}

void DegreeTracker::observe(Operation &op, ArrayRef<const Shape *> results) {
  for (auto [value, shape] : llvm::zip(op.getResults(), results)) {
    if (!shape)
      continue;
    Degree degree;
    if (isa<FloatType>(getElementTypeOrSelf(value.getType())))
      degree = rule(op, *shape);
    known[value] = {degree, *shape};
  }
}

} // namespace jarana::raise::recognise
