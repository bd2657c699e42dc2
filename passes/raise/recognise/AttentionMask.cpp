#include "passes/raise/recognise/AttentionMask.h"

#include "dialects/onnx/OnnxDialect.h"
#include "passes/raise/recognise/Constants.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace jarana::raise::recognise {

using symbolic::Expr;

namespace {

constexpr size_t mostValues = 400;
/// Exporters hide keys by -10000 and less.
constexpr double leastHidden = 9999;

/// What a mask is computed from, constants aside.
class MaskWalk {
public:
  MaskWalk(const AttentionMatch &match, Graph &graph, MaskFacts &facts)
      : match(match), graph(graph), facts(facts) {}

  void run() {
    SmallVector<Value> open;
    for (const MaskTerm &term : match.masks)
      if (!term.perHead)
        open.push_back(term.value);
    for (const AttentionOutput &output : match.outputs)
      if (output.chosen)
        if (Operation *op = output.value.getDefiningOp())
          open.push_back(op->getOperand(0));
    while (!open.empty()) {
      Value value = open.pop_back_val();
      if (!seen.insert(value).second)
        continue;
      if (seen.size() > mostValues) {
        facts.bounded = false;
        return;
      }
      visit(value, open);
    }
    // The simplest comes first; some may be of positions alone.
    SmallVector<std::pair<size_t, size_t>> sizes;
    for (auto [number, value] : llvm::enumerate(facts.perKey))
      if (size_t size = opsFromArguments(value))
        sizes.emplace_back(size, number);
    llvm::sort(sizes);
    SmallVector<Value> sorted;
    for (auto [size, number] : sizes)
      sorted.push_back(facts.perKey[number]);
    facts.perKey = std::move(sorted);
  }

private:
  void visit(Value value, SmallVectorImpl<Value> &open) {
    Operation *op = value.getDefiningOp();
    if (!op) {
      facts.arguments.push_back(value);
      return;
    }
    StringRef name = opName(op);
    if (name == "Shape" || name == "Size" || isa<NoneType>(value.getType()))
      return;
    if (op->getNumOperands() == 0) {
      addTable(value);
      return;
    }
    if (isPerKey(value))
      facts.perKey.push_back(value);
    // What positions are moved by or compared with. Not in scores, and not in
    // what only moves.
    static constexpr StringLiteral others[] = {
        "Reshape", "Expand",    "Unsqueeze", "Squeeze",   "Transpose",
        "Concat",  "Cast",      "Identity",  "ReduceSum", "ReduceMax",
        "Tile",    "ReduceMin", "CastLike"};
    bool choosesScores = name == "Where" && isFloat(value);
    if (!llvm::is_contained(others, name) && !choosesScores)
      for (Value operand : op->getOperands())
        if (!isa<NoneType>(operand.getType()))
          if (auto number = scalarNumber(operand, graph.shapes))
            if (!isFloat(value) || std::fabs(*number) < leastHidden)
              addDistance(*number);
    // Shape arithmetic depends on shapes alone, whatever it reads.
    const onnx::ValueInfo &info = graph.shapes[value];
    if (!info.contents) {
      llvm::append_range(open, op->getOperands());
      return;
    }
    for (const Expr &element : *info.contents)
      addNumbers(element);
  }

  /// A table of positions says something about all of its positions.
  void addTable(Value value) {
    const symbolic::Shape &shape = graph.shapes[value].shape;
    int64_t size = 1, longest = 1;
    for (const Expr &dim : shape) {
      size *= dim.constant().value_or(1);
      longest = std::max(longest, dim.constant().value_or(1));
    }
    if (size > 8)
      facts.reach = std::max(facts.reach, longest);
  }

  /// The numbers in an expression over dimensions.
  void addNumbers(const Expr &expr) {
    symbolic::Visitor<int> visitor;
    visitor.constant = [&](int64_t number) {
      addDistance(static_cast<double>(number));
      return 0;
    };
    visitor.symbol = [](symbolic::SymbolId) { return 0; };
    visitor.add = visitor.mul = [](int, int) { return 0; };
    visitor.function = [](symbolic::Function, const std::vector<int> &) {
      return 0;
    };
    if (!expr.constant())
      symbolic::fold<int>(expr, visitor);
  }

  /// The number of ops that a value is made by; 0 where no argument is among
  /// what it is made of.
  static size_t opsFromArguments(Value value) {
    llvm::DenseSet<Value> made;
    SmallVector<Value> open = {value};
    bool found = false;
    while (!open.empty()) {
      Value next = open.pop_back_val();
      if (!made.insert(next).second || is(next, "Shape"))
        continue;
      if (Operation *op = next.getDefiningOp())
        llvm::append_range(open, op->getOperands());
      else
        found = true;
    }
    return found ? made.size() : 0;
  }

  bool isPerKey(Value value) {
    if (!elementOf(value).isInteger(1) || rankOf(value) != 4)
      return false;
    const symbolic::Shape &shape = graph.shapes[value].shape;
    symbolic::Context &context = graph.shapes.context();
    return context.proveEqual(shape[0], match.batch) &&
           shape[1].isConstant(1) && shape[2].isConstant(1) &&
           context.proveEqual(shape[3], match.keyCount);
  }

  void addDistance(double number) {
    number = std::fabs(number);
    if (number < 2 || number > 1e6 || number != std::round(number))
      return;
    auto distance = static_cast<int64_t>(number);
    facts.reach = std::max(facts.reach, distance);
    if (!llvm::is_contained(facts.distances, distance))
      facts.distances.push_back(distance);
  }

  const AttentionMatch &match;
  Graph &graph;
  MaskFacts &facts;
  llvm::DenseSet<Value> seen;
};

Value scalar(OnnxBuilder &build, Type element, double number) {
  auto type = RankedTensorType::get({}, element);
  Attribute value = build.b.getFloatAttr(element, number);
  auto constant = ::mlir::onnx::ConstantOp::create(
      build.b, build.loc, type,
      cast<ElementsAttr>(DenseElementsAttr::get(type, value)));
  return failed(build.shapes.infer(constant)) ? Value()
                                              : Value(constant.getOutput());
}

Value castTo(OnnxBuilder &build, Value value, Type element) {
  if (elementOf(value) == element)
    return value;
  return build.one("Cast", value,
                   build.attribute("to", TypeAttr::get(element)));
}

/// Booleans that are true where a key is seen, as floats to add.
Value asAdded(OnnxBuilder &build, const MaskTerm &term, Type element) {
  if (term.kind == MaskTerm::Added)
    return castTo(build, term.value, element);
  Value zero = scalar(build, element, 0),
        hidden =
            scalar(build, element, -std::numeric_limits<double>::infinity());
  if (term.kind == MaskTerm::Hidden)
    std::swap(zero, hidden);
  return build.one("Where", {term.value, zero, hidden});
}

/// The argument, where it is [b, s] and the only one that matters.
Value keyArgument(const AttentionMatch &match, const MaskFacts &facts,
                  Graph &graph) {
  if (facts.arguments.size() != 1 || rankOf(facts.arguments[0]) != 2)
    return {};
  symbolic::Context &context = graph.shapes.context();
  Value argument = facts.arguments[0];
  if (!context.proveEqual(dim(graph, argument, 0), match.batch) ||
      !context.proveEqual(dim(graph, argument, 1), match.keyCount))
    return {};
  return argument;
}

} // namespace

MaskFacts examineMask(const AttentionMatch &match, Graph &graph) {
  MaskFacts facts;
  MaskWalk(match, graph, facts).run();
  return facts;
}

bool hasKeyMask(const AttentionMatch &match, const MaskFacts &facts,
                Graph &graph) {
  return facts.arguments.size() == 1 &&
         (keyArgument(match, facts, graph) || !facts.perKey.empty());
}

Value keyMask(OnnxBuilder &build, const AttentionMatch &match,
              const MaskFacts &facts, Graph &graph) {
  if (Value argument = keyArgument(match, facts, graph))
    return build.one("Unsqueeze", {castTo(build, argument, build.b.getI1Type()),
                                   build.integers({1, 2})});
  return facts.perKey.front();
}

Value rowsOfTokens(OnnxBuilder &build, const AttentionMatch &match,
                   const MaskFacts &facts, Graph &graph) {
  Value argument = keyArgument(match, facts, graph);
  if (!argument ||
      !graph.shapes.context().proveEqual(match.queries, match.keyCount))
    return {};
  return build.one("Unsqueeze", {castTo(build, argument, build.b.getI1Type()),
                                 build.integers({1, 3})});
}

Value ownMask(OnnxBuilder &build, ArrayRef<MaskTerm> terms, Type element) {
  if (terms.empty())
    return {};
  if (terms.size() == 1 && terms[0].kind == MaskTerm::Visible)
    return terms[0].value;
  if (terms.size() == 1 && terms[0].kind == MaskTerm::Hidden)
    return build.one("Not", terms[0].value);
  if (terms.size() == 1)
    return castTo(build, terms[0].value, element);
  Value sum = asAdded(build, terms[0], element);
  for (const MaskTerm &term : terms.drop_front())
    sum = build.one("Add", {sum, asAdded(build, term, element)});
  return sum;
}

Value rowsWithKeys(OnnxBuilder &build, ArrayRef<MaskTerm> terms) {
  Type f32 = build.b.getF32Type();
  Value sum;
  for (const MaskTerm &term : terms) {
    Value added = asAdded(build, term, f32);
    sum = sum ? build.one("Add", {sum, added}) : added;
  }
  if (!sum)
    return {};
  Value most =
      build.one("ReduceMax", {sum, build.integers({-1})},
                build.attribute("keepdims", build.b.getI64IntegerAttr(1)));
  // Half of -10000, the mildest of the numbers that exporters hide keys with.
  return build.one("Greater", {most, scalar(build, f32, -5000)});
}

} // namespace jarana::raise::recognise
