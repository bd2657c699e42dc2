// Rotary embeddings that were taken apart: products of a query or key with cos
// and sin of the positions' angles, added up crosswise, become RotaryEmbedding.
// What is paired with what (halves, neighbours), and which table is which, is
// not read but proposed: the check decides.
//
//   x * cos + Concat(-x[d/2:], x[:d/2]) * sin          halves
//   (x0 * cos - x1 * sin, x0 * sin + x1 * cos)         neighbours
//
// with x all of a head or its first part, the rest of which is put back by a
// Concat. The tables hold each angle once or, as Concat(f, f), twice.
#include "passes/raise/Lowering.h"
#include "passes/raise/recognise/Constants.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

/// Goes up to what is rotated or to a table, through what only picks parts.
Value rootOf(Value value, SmallVectorImpl<Value> *passed = nullptr) {
  for (;;) {
    Operation *op = value.getDefiningOp();
    StringRef name = opName(op);
    bool moves =
        name == "Slice" || name == "Unsqueeze" || name == "Squeeze" ||
        name == "Identity" || name == "Neg" || name == "Split" ||
        (name == "Cast" && isFloat(op->getOperand(0))) ||
        (name == "Reshape" && rankOf(value) > rankOf(op->getOperand(0)));
    if (name == "Concat" && op->getNumOperands() == 2)
      moves = rootOf(op->getOperand(0)) == rootOf(op->getOperand(1));
    if (!moves)
      return value;
    if (passed)
      passed->push_back(value);
    value = op->getOperand(0);
  }
}

/// From a table up to Concat(f, f); the table itself where there is none.
Value anglesOf(Value table) {
  for (Value value = table;;) {
    Operation *op = value.getDefiningOp();
    StringRef name = opName(op);
    if (name == "Concat")
      return op->getNumOperands() == 2 && op->getOperand(0) == op->getOperand(1)
                 ? op->getOperand(0)
                 : table;
    if (name == "Mul" && numberOf(op->getOperand(1)))
      value = op->getOperand(0);
    else if (name == "Cos" || name == "Sin" || name == "Cast" ||
             name == "Identity" || name == "Unsqueeze")
      value = op->getOperand(0);
    else
      return table;
  }
}

/// What is rotated by which tables.
struct Rotation {
  Value input, first, second;
  SmallVector<Value> parts; ///< between the input and the products
};

class Rotary : public Recogniser {
public:
  StringRef name() const override { return "rotary"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    std::optional<Rotation> rotation = read(anchor);
    if (!rotation || rankOf(rotation->input) != 4 ||
        !isCommonFloat(rotation->input))
      return;
    // Parts that change places are put together again, before or after.
    SmallVector<Value> outputs = results(anchor->getResult(0));
    auto isJoin = [](Value value) { return is(value, "Concat"); };
    if (llvm::none_of(rotation->parts, isJoin) &&
        llvm::none_of(outputs, isJoin))
      return;
    if (elementOf(rotation->input).isBF16()) {
      declined = "in bf16 the graph rounds each product, which RotaryEmbedding "
                 "does not";
      return;
    }
    // The whole of a head where the rest is put back, or what is rotated.
    SmallVector<Value> inputs = {rotation->input};
    llvm::append_range(inputs, llvm::reverse(rotation->parts));
    for (Value output : llvm::reverse(outputs))
      for (Value input : inputs) {
        if (!sameShape(graph, input, output))
          continue;
        bool turned = isSine(rotation->first) || isCosine(rotation->second);
        for (bool swapped : {turned, !turned})
          for (bool interleaved : {false, true})
            for (bool twice : {true, false})
              add(graph, proposals, input, output,
                  swapped ? rotation->second : rotation->first,
                  swapped ? rotation->first : rotation->second, interleaved,
                  twice);
        return;
      }
  }

private:
  static std::optional<Rotation> read(Operation *anchor) {
    if (opName(anchor) != "Add" || !isFloat(anchor->getResult(0)))
      return std::nullopt;
    Operation *left = anchor->getOperand(0).getDefiningOp(),
              *right = anchor->getOperand(1).getDefiningOp();
    if (opName(left) != "Mul" || opName(right) != "Mul" || left == right)
      return std::nullopt;
    Rotation rotation;
    for (Value mine : left->getOperands())
      for (Value other : right->getOperands())
        if (rootOf(mine) == rootOf(other) && !rotation.input) {
          rotation.input = rootOf(mine, &rotation.parts);
          SmallVector<Value> more;
          rootOf(other, &more);
          llvm::append_range(rotation.parts, more);
          rotation.first = rootOf(otherOperand(left, mine));
          rotation.second = rootOf(otherOperand(right, other));
        }
    if (!rotation.input || rotation.first == rotation.second ||
        rotation.first == rotation.input || rotation.second == rotation.input)
      return std::nullopt;
    return rotation;
  }

  /// The value and what is only put together with other values after it.
  static SmallVector<Value> results(Value value) {
    SmallVector<Value> all = {value};
    while (Operation *user = onlyUser(all.back())) {
      StringRef name = opName(user);
      if (name != "Concat" && name != "Unsqueeze" && name != "Reshape" &&
          name != "Identity")
        break;
      if (user->getOperand(0) != all.back() && name != "Concat")
        break;
      all.push_back(user->getResult(0));
    }
    return all;
  }

  static bool computes(Value table, StringRef function) {
    for (Value value = table;;) {
      Operation *op = value.getDefiningOp();
      if (opName(op) == function)
        return true;
      if (opName(op) != "Mul" && opName(op) != "Cast")
        return false;
      value = op->getOperand(0);
    }
  }
  static bool isSine(Value table) { return computes(table, "Sin"); }
  static bool isCosine(Value table) { return computes(table, "Cos"); }

  /// Tables of graphs without dynamic lengths are constants, large ones
  /// weights.
  static bool isConstant(Value value) {
    return is(value, "Constant") || is(value, "load_weight");
  }

  static void add(Graph &graph, SmallVectorImpl<Proposal> &proposals,
                  Value input, Value output, Value cos, Value sin,
                  bool interleaved, bool twice) {
    auto width = dim(graph, cos, -1).constant(),
         whole = dim(graph, input, -1).constant();
    if (!width || !whole || rankOf(cos) != rankOf(sin) ||
        !graph.shapes.context().proveEqual(dim(graph, sin, -1),
                                           symbolic::Expr(*width)))
      return;
    Value cosAngles = anglesOf(cos), sinAngles = anglesOf(sin);
    // Where that is not seen in the graph, only constants tell.
    if (!isConstant(cos) && twice != (cosAngles != cos))
      return;
    int64_t half = twice ? *width / 2 : *width;
    if (half < 1 || 2 * half > *whole)
      return;
    Proposal proposal;
    proposal.kind = "RotaryEmbedding";
    proposal.inputs = {{input}};
    for (Value angles : {cosAngles, sinAngles})
      if (!isConstant(angles) &&
          llvm::none_of(proposal.inputs, [&](const CutInput &known) {
            return known.value == angles;
          }))
        proposal.inputs.push_back({angles});
    proposal.outputs = {output};
    proposal.length = dim(graph, input, 2);
    proposal.facts = {{"rotated", std::to_string(2 * half)},
                      {"mode", interleaved ? "interleaved" : "half"}};
    proposal.build = [=](OnnxBuilder &build, ValueRange) {
      auto table = [&](Value value) {
        if (twice)
          value = sliceAxis(build, value, -1, 0, half);
        if (value && elementOf(value) != elementOf(input))
          value =
              build.one("Cast", value,
                        build.attribute("to", TypeAttr::get(elementOf(input))));
        if (value && rankOf(value) == 4)
          value = build.one("Squeeze", {value, build.integers({1})});
        while (value && rankOf(value) < 3)
          value = build.one("Unsqueeze", {value, build.integers({0})});
        return value;
      };
      SmallVector<NamedAttribute> attributes = {
          build.attribute("interleaved",
                          build.b.getI64IntegerAttr(interleaved)),
          build.attribute(
              "rotary_embedding_dim",
              build.b.getI64IntegerAttr(2 * half == *whole ? 0 : 2 * half))};
      Value cosTable = table(cos), sinTable = table(sin);
      return SmallVector<Value>{
          build.one("RotaryEmbedding",
                    {input, cosTable, sinTable, build.none()}, attributes)};
    };
    proposals.push_back(std::move(proposal));
  }
};

} // namespace

std::unique_ptr<Recogniser> makeRotaryRecogniser() {
  return std::make_unique<Rotary>();
}

} // namespace jarana::raise::recognise
