// Keys and values on their way to the products of an attention.
#include "lib/reference/MlirTensors.h"
#include "passes/raise/recognise/AttentionMatch.h"
#include "passes/raise/recognise/Constants.h"

#include <cmath>

using namespace mlir;

namespace jarana::raise::recognise {

namespace {

bool haveSameShape(Value lhs, Value rhs, onnx::SymbolicShapes &shapes) {
  const symbolic::Shape &a = shapes[lhs].shape, &b = shapes[rhs].shape;
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [&](auto pair) {
           return shapes.context().proveEqual(std::get<0>(pair),
                                              std::get<1>(pair));
         });
}

/// The operand that data movement of keys and values takes, repetition of heads
/// included.
Value moved(Operation *op, onnx::SymbolicShapes &shapes) {
  static constexpr StringLiteral names[] = {"Reshape", "Transpose", "Unsqueeze",
                                            "Squeeze", "Expand",    "Tile",
                                            "Gather"};
  bool same =
      opName(op) == "Concat"
          ? llvm::all_equal(op->getOperands())
          : opName(op) == "Slice" &&
                haveSameShape(op->getOperand(0), op->getResult(0), shapes);
  return same || llvm::is_contained(names, opName(op)) ? op->getOperand(0)
                                                       : Value();
}

/// Whether `next` needs less movement below it to be in the usual layout, or
/// lies further up.
bool isBetter(const HeadsValue &next, const std::optional<HeadsValue> &known) {
  return !known || next.layout == Layout::HeadsFirst ||
         known->layout != Layout::HeadsFirst;
}

} // namespace

std::optional<HeadsValue>
HeadsRequest::read(Value value, Layout layout,
                   onnx::SymbolicShapes &shapes) const {
  if (rankOf(value) != 4)
    return std::nullopt;
  symbolic::Context &context = shapes.context();
  const symbolic::Shape &shape = shapes[value].shape;
  size_t headsAt = layout == Layout::PositionsFirst ? 2 : 1,
         positionsAt = layout == Layout::PositionsFirst ? 1
                       : layout == Layout::WidthFirst   ? 3
                                                        : 2,
         widthAt = layout == Layout::WidthFirst ? 2 : 3;
  auto count = context.valueOf(shape[headsAt]),
       size = context.valueOf(shape[widthAt]);
  if (!count || *count < 1 || heads % *count != 0 || !size ||
      (width && size != width) || !context.proveEqual(shape[0], batch) ||
      !context.proveEqual(shape[positionsAt], positions))
    return std::nullopt;
  return HeadsValue{value, layout, *count, {}};
}

SmallVector<HeadsValue, 2> collectHeads(Value operand,
                                        const HeadsRequest &request,
                                        onnx::SymbolicShapes &shapes) {
  std::optional<HeadsValue> whole, fewest;
  Factor scale;
  Value value = operand;
  for (int step = 0; step < 40; ++step) {
    auto here = request.read(value, Layout::HeadsFirst, shapes);
    if (!here)
      here = request.read(value, Layout::PositionsFirst, shapes);
    if (here) {
      here->scale = scale;
      if (here->heads == request.heads && isBetter(*here, whole))
        whole = here;
      if (!fewest || here->heads < fewest->heads ||
          (here->heads == fewest->heads && isBetter(*here, fewest)))
        fewest = here;
    }
    Operation *op = value.getDefiningOp();
    if (!op)
      break;
    Value next = moved(op, shapes);
    if (!next && request.scaled)
      next = timesNumber(op, shapes, scale);
    if (!next || elementOf(next) != elementOf(value))
      break;
    value = next;
  }
  // The operand itself always has all heads.
  if (!whole)
    whole = request.read(operand, request.layout, shapes);
  if (!fewest)
    fewest = whole;
  SmallVector<HeadsValue, 2> found;
  if (whole && whole->heads != fewest->heads)
    found.push_back(*whole);
  if (fewest)
    found.push_back(*fewest);
  return found;
}

Value timesNumber(Operation *op, onnx::SymbolicShapes &shapes, Factor &scale) {
  StringRef name = opName(op);
  if (name == "Identity" || (name == "Cast" && elementOf(op->getOperand(0)) ==
                                                   elementOf(op->getResult(0))))
    return op->getOperand(0);
  if (name != "Mul" && name != "Div")
    return {};
  if (auto number = scalarNumber(op->getOperand(1), shapes)) {
    (name == "Mul" ? scale.numerator : scale.denominator) *= *number;
    return op->getOperand(0);
  }
  if (auto number = scalarNumber(op->getOperand(0), shapes);
      number && name == "Mul") {
    scale.numerator *= *number;
    return op->getOperand(1);
  }
  return {};
}

std::optional<double> scalarNumber(Value value, onnx::SymbolicShapes &shapes,
                                   int depth) {
  if (auto number = scalarConstant(value))
    return number;
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || isa<NoneType>(value.getType()))
    return std::nullopt;
  const onnx::ValueInfo &info = shapes[value];
  if (info.contents && info.contents->size() == 1)
    if (auto number = shapes.context().valueOf(info.contents->front()))
      return static_cast<double>(*number);
  auto operand = [&](unsigned i) {
    return scalarNumber(op->getOperand(i), shapes, depth - 1);
  };
  // Each step rounds, as where the graph is evaluated.
  auto rounded = [&](double number) {
    return isa<FloatType>(elementOf(value))
               ? reference::roundTo(reference::dtypeOf(elementOf(value)),
                                    number)
               : number;
  };
  StringRef name = opName(op);
  static constexpr StringLiteral kept[] = {"Identity", "Cast",      "CastLike",
                                           "Squeeze",  "Unsqueeze", "Reshape"};
  if (llvm::is_contained(kept, name))
    if (auto x = operand(0))
      return rounded(*x);
  if (name == "Sqrt" || name == "Reciprocal" || name == "Neg")
    if (auto x = operand(0))
      return rounded(name == "Sqrt"  ? std::sqrt(*x)
                     : name == "Neg" ? -*x
                                     : 1 / *x);
  if (name == "Mul" || name == "Div" || name == "Pow")
    if (auto x = operand(0), y = operand(1); x && y)
      return rounded(name == "Mul"   ? *x * *y
                     : name == "Div" ? *x / *y
                                     : std::pow(*x, *y));
  return std::nullopt;
}

} // namespace jarana::raise::recognise
