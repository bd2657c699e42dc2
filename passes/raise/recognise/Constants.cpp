#include "passes/raise/recognise/Constants.h"

using namespace mlir;

namespace jarana::raise::recognise {

std::optional<SmallVector<int64_t>> integersOf(Graph &graph, Value value) {
  onnx::ValueInfo info = graph.shapes.lookup(value);
  if (!info.present() || !info.contents)
    return std::nullopt;
  SmallVector<int64_t> numbers;
  for (const symbolic::Expr &element : *info.contents) {
    auto number = graph.shapes.context().valueOf(element);
    if (!number)
      return std::nullopt;
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<double> numberOf(Value value) {
  while (is(value, "Cast") && isFloat(value.getDefiningOp()->getOperand(0)))
    value = value.getDefiningOp()->getOperand(0);
  return scalarConstant(value);
}

symbolic::Expr dim(Graph &graph, Value value, int64_t axis) {
  const symbolic::Shape &shape = graph.shapes[value].shape;
  axis = axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis;
  return graph.shapes.context().simplify(shape[static_cast<size_t>(axis)]);
}

int64_t rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? type.getRank() : -1;
}

Type elementOf(Value value) { return getElementTypeOrSelf(value.getType()); }

bool isFloat(Value value) { return isa<FloatType>(elementOf(value)); }

bool isCommonFloat(Value value) {
  Type element = elementOf(value);
  return element.isF32() || element.isF16() || element.isBF16();
}

bool sameShape(Graph &graph, Value lhs, Value rhs) {
  if (rankOf(lhs) < 0 || rankOf(lhs) != rankOf(rhs))
    return false;
  for (int64_t axis = 0; axis < rankOf(lhs); ++axis)
    if (!graph.shapes.context().proveEqual(dim(graph, lhs, axis),
                                           dim(graph, rhs, axis)))
      return false;
  return true;
}

/// The users, those that only ask for the shape aside.
static SmallVector<Operation *> usersOf(Value value) {
  SmallVector<Operation *> users;
  for (Operation *user : value.getUsers())
    if (opName(user) != "Shape")
      users.push_back(user);
  return users;
}

Operation *onlyUser(Value value) {
  SmallVector<Operation *> users = usersOf(value);
  return users.size() == 1 && !users[0]->hasTrait<OpTrait::IsTerminator>()
             ? users[0]
             : nullptr;
}

Value siluOf(Value value) {
  SmallVector<Operation *> users = usersOf(value);
  if (users.size() != 2)
    return {};
  for (Operation *sigmoid : users)
    if (opName(sigmoid) == "Sigmoid") {
      Operation *product = onlyUser(sigmoid->getResult(0));
      if (opName(product) == "Mul" &&
          otherOperand(product, sigmoid->getResult(0)) == value)
        return product->getResult(0);
    }
  return {};
}

Value sliceAxis(OnnxBuilder &build, Value value, int64_t axis, int64_t begin,
                int64_t end) {
  return build.one("Slice",
                   {value, build.integers({begin}), build.integers({end}),
                    build.integers({axis}), build.integers({1})});
}

} // namespace jarana::raise::recognise
