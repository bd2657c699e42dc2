#include "passes/raise/recognise/Narrow.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "jarana/error.h"
#include "lib/reference/MlirTensors.h"
#include "lib/reference/operators/Support.h"
#include "passes/raise/Lowering.h"
#include "passes/raise/recognise/Constants.h"

using namespace mlir;

namespace jarana::raise::recognise {

/// Operators whose result at a place depends on the operands there alone.
static bool isElementwise(StringRef name) {
  static constexpr StringLiteral names[] = {"Add",
                                            "Cast",
                                            "Clip",
                                            "Div",
                                            "Exp",
                                            "Greater",
                                            "GreaterOrEqual",
                                            "Identity",
                                            "Less",
                                            "LessOrEqual",
                                            "Log",
                                            "Max",
                                            "Min",
                                            "Mul",
                                            "Neg",
                                            "Reciprocal",
                                            "Sigmoid",
                                            "Softplus",
                                            "Sub",
                                            "Where"};
  return llvm::is_contained(names, name);
}

bool Narrower::canNarrow(Value value, ArrayRef<int64_t> axes,
                         SmallVectorImpl<Value> &into) {
  build = nullptr;
  leaves = &into;
  Flags flags(static_cast<size_t>(rankOf(value)), false);
  for (int64_t axis : axes)
    flags[static_cast<size_t>(axis)] = true;
  return static_cast<bool>(walk(value, flags));
}

Value Narrower::narrow(OnnxBuilder &with, Value value, ArrayRef<int64_t> axes) {
  SmallVector<Value> unused;
  build = &with;
  leaves = &unused;
  Flags flags(static_cast<size_t>(rankOf(value)), false);
  for (int64_t axis : axes)
    flags[static_cast<size_t>(axis)] = true;
  return walk(value, flags);
}

/// Gives any value that is not null where it only looks.
Value Narrower::walk(Value value, Flags flags) {
  for (auto [axis, flag] : llvm::enumerate(flags))
    flag = flag && !dim(graph, value, static_cast<int64_t>(axis)).isConstant(1);
  bool isWeight =
      isa_and_nonnull<hybrid::LoadWeightOp, ::mlir::onnx::ConstantOp>(
          value.getDefiningOp());
  if (!llvm::is_contained(flags, true)) {
    if (!isWeight && !llvm::is_contained(*leaves, value))
      leaves->push_back(value);
    return value;
  }
  Operation *op = value.getDefiningOp();
  StringRef name = opName(op);
  if (isWeight) {
    if (!build)
      return repeats(value, flags) ? value : Value();
    for (auto [axis, flag] : llvm::enumerate(flags))
      if (flag && value)
        value = sliceAxis(*build, value, static_cast<int64_t>(axis), 0, 1);
    return value;
  }
  if (name == "Unsqueeze") {
    auto added = integersOf(graph, op->getOperand(1));
    if (!added)
      return {};
    Flags inner;
    for (size_t axis = 0; axis < flags.size(); ++axis)
      if (!llvm::any_of(*added, [&](int64_t each) {
            return static_cast<size_t>(each < 0 ? each + rankOf(value)
                                                : each) == axis;
          }))
        inner.push_back(flags[axis]);
    Value narrow = walk(op->getOperand(0), inner);
    return narrow && build
               ? build->one("Unsqueeze", {narrow, op->getOperand(1)})
               : narrow;
  }
  if (name == "Expand" || name == "Tile") {
    Value from = op->getOperand(0);
    if (rankOf(from) != rankOf(value))
      return {};
    for (size_t axis = 0; axis < flags.size(); ++axis) {
      auto at = static_cast<int64_t>(axis);
      if (!flags[axis] && !graph.shapes.context().proveEqual(
                              dim(graph, from, at), dim(graph, value, at)))
        return {};
    }
    return walk(from, flags);
  }
  if (name == "Transpose") {
    SmallVector<int64_t> perm = Lowering::integers(op, "perm");
    Flags inner(flags.size(), false);
    for (size_t axis = 0; axis < perm.size(); ++axis)
      inner[static_cast<size_t>(perm[axis])] = flags[axis];
    Value narrow = walk(op->getOperand(0), inner);
    return narrow && build ? build->transpose(narrow, perm) : narrow;
  }
  if (name == "Reshape")
    return walkReshape(op, flags);
  return isElementwise(name) ? walkElementwise(op, flags) : Value();
}

/// A Reshape that only adds or removes dimensions with one element.
Value Narrower::walkReshape(Operation *op, const Flags &flags) {
  Value from = op->getOperand(0), to = op->getResult(0);
  Flags inner(static_cast<size_t>(rankOf(from)), false);
  size_t at = 0;
  auto isOne = [&](Value value, size_t axis) {
    return dim(graph, value, static_cast<int64_t>(axis)).isConstant(1);
  };
  SmallVector<int64_t> shape; // the result's, narrow
  for (size_t axis = 0; axis < flags.size(); ++axis) {
    auto size = dim(graph, to, static_cast<int64_t>(axis));
    if (!size.constant() && llvm::is_contained(shape, -1))
      return {};
    shape.push_back(flags[axis] ? 1 : size.constant().value_or(-1));
    if (isOne(to, axis))
      continue;
    while (at < inner.size() && isOne(from, at))
      ++at;
    if (at == inner.size() ||
        !graph.shapes.context().proveEqual(
            dim(graph, from, static_cast<int64_t>(at)), size))
      return {};
    inner[at++] = flags[axis];
  }
  while (at < inner.size())
    if (!isOne(from, at++))
      return {};
  Value narrow = walk(from, inner);
  return narrow && build ? build->reshape(narrow, shape) : narrow;
}

Value Narrower::walkElementwise(Operation *op, const Flags &flags) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    if (rankOf(operand) <= 0) { // absent, or one number for all
      operands.push_back(operand);
      continue;
    }
    auto rank = static_cast<size_t>(rankOf(operand));
    Flags own(flags.end() - rank, flags.end());
    Value narrow = walk(operand, own);
    if (!narrow)
      return {};
    operands.push_back(narrow);
  }
  return build ? build->one(opName(op), operands, op->getAttrs())
               : op->getResult(0);
}

bool Narrower::repeats(Value weight, const Flags &flags) {
  try {
    std::shared_ptr<const reference::Tensor> tensor;
    if (auto load = weight.getDefiningOp<hybrid::LoadWeightOp>())
      tensor = reference::Weights(graph.function->getParentOfType<ModuleOp>())
                   .get(load.getWeight());
    else
      tensor = std::make_shared<const reference::Tensor>(reference::tensorOf(
          weight.getDefiningOp<::mlir::onnx::ConstantOp>().getValue()));
    reference::Shape strides = reference::stridesOf(tensor->shape);
    for (size_t axis = 0; axis < flags.size(); ++axis)
      if (flags[axis])
        strides[axis] = 0;
    bool same = true;
    reference::forEach<1>(tensor->shape, {strides}, [&](int64_t i, auto &at) {
      same &=
          reference::realAt(*tensor, i) == reference::realAt(*tensor, at[0]);
    });
    return same;
  } catch (const Error &) {
    return false; // a file that is not there: found out elsewhere
  }
}

} // namespace jarana::raise::recognise
