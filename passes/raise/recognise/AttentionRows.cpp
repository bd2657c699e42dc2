// Whether the rows of an attention that see no key stay apart from all that
// counts: forwards, position by position, from its result.
#include "passes/raise/recognise/AttentionMask.h"
#include "passes/raise/recognise/Constants.h"

#include "dialects/onnx/OnnxDialect.h"

using namespace mlir;

namespace jarana::raise::recognise {

using symbolic::Expr;

namespace {

constexpr StringLiteral elementwise[] = {
    "Add",  "Sub",     "Mul",   "Div",      "Pow",      "Sqrt",
    "Neg",  "Abs",     "Exp",   "Log",      "Sigmoid",  "Tanh",
    "Relu", "Gelu",    "Erf",   "Softplus", "Min",      "Max",
    "Clip", "Where",   "Cast",  "CastLike", "Identity", "Reciprocal",
    "Less", "Greater", "IsNaN", "Expand",   "Not",      "And",
    "Swish"};
constexpr StringLiteral reductions[] = {"ReduceMean", "ReduceSum", "ReduceMax",
                                        "ReduceSumSquare", "ReduceL2"};
/// Over the last axes, from the attribute `axis` on.
constexpr StringLiteral normalisations[] = {
    "RMSNormalization", "LayerNormalization", "SimplifiedLayerNormalization",
    "SkipSimplifiedLayerNormalization"};

int64_t integerOf(Operation *op, StringRef name, int64_t absent) {
  auto attribute = op->getAttrOfType<IntegerAttr>(name);
  return attribute ? attribute.getInt() : absent;
}

/// Whether two values are made in the same way of the same values.
bool sameValue(Value lhs, Value rhs, int depth = 8) {
  if (lhs == rhs)
    return true;
  Operation *a = lhs.getDefiningOp(), *b = rhs.getDefiningOp();
  return a && b && depth > 0 && a->getName() == b->getName() &&
         a->getNumRegions() == 0 && lhs.getType() == rhs.getType() &&
         cast<OpResult>(lhs).getResultNumber() ==
             cast<OpResult>(rhs).getResultNumber() &&
         a->getAttrDictionary() == b->getAttrDictionary() &&
         a->getNumOperands() == b->getNumOperands() &&
         llvm::all_of(llvm::zip(a->getOperands(), b->getOperands()),
                      [&](auto pair) {
                        return sameValue(std::get<0>(pair), std::get<1>(pair),
                                         depth - 1);
                      });
}

class RowFollower {
public:
  RowFollower(const AttentionMatch &start, Value padding, Graph &graph)
      : padding(padding), graph(graph), context(graph.shapes.context()) {
    std::string ignored;
    graph.function.walk([&](Operation *op) {
      if (opName(op) != "Softmax" || op == start.anchor)
        return;
      if (auto match = matchAttention(op, graph.shapes, ignored))
        if (hidesSame(*match, start))
          others.push_back(std::move(*match));
    });
  }

  bool run(Value value, int64_t axis) {
    push(value, axis);
    while (!open.empty()) {
      auto [next, at] = open.pop_back_val();
      for (OpOperand &use : next.getUses())
        if (!follow(use, at))
          return false;
    }
    return true;
  }

private:
  static bool hidesSame(const AttentionMatch &lhs, const AttentionMatch &rhs) {
    return lhs.masks.size() == rhs.masks.size() &&
           llvm::all_of(llvm::zip(lhs.masks, rhs.masks), [](auto pair) {
             auto &[a, b] = pair;
             return a.kind == b.kind && sameValue(a.value, b.value);
           });
  }

  bool push(Value value, int64_t axis) {
    if (axis < 0 || axis >= rankOf(value))
      return false;
    auto [known, isNew] = seen.try_emplace(value, axis);
    if (isNew)
      open.emplace_back(value, axis);
    return known->second == axis;
  }

  /// The result of the op has the positions on the axis, counted from the end
  /// as the operand has; nothing is broadcast along it.
  bool pushAligned(Value value, int64_t axis, Value result) {
    int64_t to = axis + rankOf(result) - rankOf(value);
    return context.proveEqual(dim(graph, value, axis),
                              dim(graph, result, to)) &&
           push(result, to);
  }

  bool follow(OpOperand &use, int64_t axis) {
    Operation *op = use.getOwner();
    Value value = use.get();
    StringRef name = opName(op);
    if (op->hasTrait<OpTrait::IsTerminator>())
      // Logits or hidden states at these positions; a state is not one.
      return rankOf(value) == 3 && axis == 1;
    if (op->getNumResults() == 0)
      return false;
    Value result = op->getResult(0);
    if (name == "Shape" || name == "Size")
      return true;
    if (name == "Mul" && zeroesPadding(otherOperand(op, value), result,
                                       axis + rankOf(result) - rankOf(value)))
      return true;
    if (llvm::is_contained(elementwise, name))
      return pushAligned(value, axis, result);
    if (llvm::is_contained(reductions, name))
      return reduce(op, axis);
    if (llvm::is_contained(normalisations, name)) {
      int64_t from = integerOf(op, "axis", -1);
      if (axis >= (from < 0 ? from + rankOf(value) : from) ||
          use.getOperandNumber() > 1)
        return false;
      for (Value each : op->getResults())
        if (rankOf(each) == rankOf(value) && !push(each, axis))
          return false;
      return true;
    }
    if (name == "Softmax") {
      int64_t at = integerOf(op, "axis", -1);
      return (at + rankOf(value)) % rankOf(value) != axis && push(result, axis);
    }
    // Each position is turned on its own.
    if (name == "RotaryEmbedding")
      return use.getOperandNumber() == 0 && axis < rankOf(value) - 1 &&
             push(result, axis);
    if (name == "MatMul")
      return product(use, axis);
    if (name == "Einsum")
      return use.getOperandNumber() == 1 && intoAttention(op);
    if (name == "Attention")
      return use.getOperandNumber() == 0 && rankOf(value) == 4 && axis == 2 &&
             push(result, 2);
    return moved(use, axis);
  }

  /// A factor of the product `result` that is 0 at padding along its `axis`.
  bool zeroesPadding(Value factor, Value result, int64_t axis) {
    int64_t at = axis - (rankOf(result) - rankOf(factor));
    if (at < 0 ||
        !context.proveEqual(dim(graph, factor, at), dim(graph, result, axis)))
      return false;
    while (Operation *op = factor.getDefiningOp()) {
      StringRef name = opName(op);
      bool whole = name == "Slice" &&
                   sameShape(graph, op->getOperand(0), op->getResult(0));
      if (name != "Cast" && name != "CastLike" && name != "Unsqueeze" &&
          name != "Identity" && !whole)
        return false;
      factor = op->getOperand(0);
    }
    return factor == padding;
  }

  bool reduce(Operation *op, int64_t axis) {
    if (op->getNumOperands() < 2)
      return false;
    auto axes = integersOf(graph, op->getOperand(1));
    if (!axes || axes->empty())
      return false;
    int64_t rank = rankOf(op->getOperand(0)), before = 0;
    for (int64_t each : *axes) {
      each = each < 0 ? each + rank : each;
      if (each == axis)
        return false;
      before += each < axis;
    }
    bool keeps = integerOf(op, "keepdims", 1) != 0;
    return push(op->getResult(0), keeps ? axis : axis - before);
  }

  bool product(OpOperand &use, int64_t axis) {
    Operation *op = use.getOwner();
    Value value = use.get();
    int64_t rank = rankOf(value);
    if (use.getOperandNumber() == 0)
      return axis < rank - 1 && rankOf(op->getOperand(1)) >= 2 &&
             pushAligned(value, axis, op->getResult(0));
    if (axis < rank - 2)
      return pushAligned(value, axis, op->getResult(0));
    return intoAttention(op);
  }

  /// Keys or values of an attention that hides these positions from all rows
  /// that see one: only its own rows without keys depend on them.
  bool intoAttention(Operation *product) {
    for (const AttentionMatch &match : others)
      if (match.scoreProduct == product || match.valueProduct == product) {
        const AttentionOutput &output = match.outputs.back();
        return push(output.value, output.layout == Layout::HeadsFirst ? 2 : 1);
      }
    return false;
  }

  bool moved(OpOperand &use, int64_t axis) {
    Operation *op = use.getOwner();
    if (use.getOperandNumber() != 0 && opName(op) != "Concat")
      return false;
    StringRef name = opName(op);
    Value value = use.get(), result = op->getResult(0);
    if (name == "Transpose") {
      auto permutation = op->getAttrOfType<DenseI64ArrayAttr>("perm");
      for (auto [to, from] : llvm::enumerate(permutation.asArrayRef()))
        if (from == axis)
          return push(result, static_cast<int64_t>(to));
      return false;
    }
    if (name == "Reshape" || name == "Unsqueeze" || name == "Squeeze" ||
        name == "Flatten")
      return reshaped(value, axis, result);
    if (name == "Concat" || name == "Split") {
      int64_t at = integerOf(op, "axis", 0);
      if ((at + rankOf(value)) % rankOf(value) == axis)
        return false;
      return llvm::all_of(op->getResults(),
                          [&](Value each) { return push(each, axis); });
    }
    // All positions, or a single one, which is a row like all others.
    if (name == "Slice")
      return (context.proveEqual(dim(graph, value, axis),
                                 dim(graph, result, axis)) ||
              dim(graph, result, axis).isConstant(1)) &&
             push(result, axis);
    return false;
  }

  bool reshaped(Value value, int64_t axis, Value result) {
    Expr before(1), sum(1);
    for (int64_t i = 0; i < axis; ++i)
      before = before * dim(graph, value, i);
    for (int64_t to = 0; to < rankOf(result); ++to) {
      if (context.proveEqual(sum, before) &&
          context.proveEqual(dim(graph, result, to), dim(graph, value, axis)))
        return push(result, to);
      sum = sum * dim(graph, result, to);
    }
    return false;
  }

  Value padding;
  Graph &graph;
  symbolic::Context &context;
  std::vector<AttentionMatch> others;
  llvm::DenseMap<Value, int64_t> seen;
  SmallVector<std::pair<Value, int64_t>> open;
};

} // namespace

bool emptyRowsStayApart(const AttentionMatch &match,
                        const AttentionOutput &output, Value padding,
                        Graph &graph) {
  return RowFollower(match, padding, graph)
      .run(output.value, output.layout == Layout::HeadsFirst ? 2 : 1);
}

} // namespace jarana::raise::recognise
