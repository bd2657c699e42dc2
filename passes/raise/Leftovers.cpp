#include "passes/raise/Leftovers.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "jarana/error.h"
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/IndexedProduct.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace jarana::raise {
namespace {

StringRef opName(Operation *op) {
  return op ? op->getName().stripDialect() : StringRef();
}

bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

class Leftovers {
public:
  Leftovers(func::FuncOp function, onnx::SymbolicShapes &shapes,
            RaiseReport &report)
      : function(function), shapes(shapes), report(report) {
    for (const RaiseEntry &entry : report.entries)
      known.insert(entry.node);
  }

  void run() {
    // Not what is inside of loops: the loop is the leftover.
    for (Operation &op : function.getBody().front().without_terminator())
      look(&op);
    addShares();
  }

private:
  void keep(Operation *op, const std::string &reason) {
    std::string node = hybrid::nodeName(op);
    if (node.empty() || known.insert(node).second)
      report.kept(Lowering::operatorName(op), node, reason);
  }

  /// What each kept node takes of all that the function computes, in percent.
  void addShares() {
    llvm::StringMap<double> byNode;
    double all = 0;
    for (Operation &op : function.getBody().front().without_terminator()) {
      double work = workOf(&op);
      all += work;
      byNode[hybrid::nodeName(&op)] += work;
    }
    for (RaiseEntry &entry : report.entries)
      if (auto found = byNode.find(entry.node);
          found != byNode.end() && all > 0 && !entry.node.empty()) {
        std::string share;
        llvm::raw_string_ostream(share)
            << llvm::format("%.1f %%", 100 * found->second / all);
        entry.facts.emplace_back("share", share);
      }
  }

  /// Multiplications, or elements: with every unknown dimension at a usual
  /// number of positions.
  double workOf(Operation *op) {
    if (op->getNumResults() == 0 || isa<NoneType>(op->getResult(0).getType()) ||
        op->getNumOperands() == 0)
      return 0;
    double elements = sizeOf(op->getResult(0));
    StringRef name = opName(op);
    if (name == "MatMul" || name == "Gemm")
      return elements * extent(shapes[op->getOperand(0)].shape.back());
    if (name == "Conv")
      return elements * sizeOf(op->getOperand(1)) /
             extent(shapes[op->getOperand(1)].shape.front());
    if ((name == "Attention" || name == "AttentionWithSink") &&
        onnxRank(op->getOperand(1)) > 2)
      return 2 * elements *
             extent(shapes[op->getOperand(1)]
                        .shape[onnxRank(op->getOperand(1)) - 2]);
    if (name == "LinearAttention") // a state [b, heads, n, p] for each position
      return 3 * elements *
             extent(shapes[op->getResult(op->getNumResults() - 1)].shape[2]);
    if (name == "Einsum")
      return einsumWork(op);
    if (name == "Scan") {
      double inside = 0;
      op->walk(
          [&](Operation *inner) { inside += inner == op ? 0 : workOf(inner); });
      return inside * usualLength;
    }
    return elements;
  }

  double einsumWork(Operation *op) {
    StringRef terms =
        op->getAttrOfType<StringAttr>("equation").getValue().split("->").first;
    llvm::DenseMap<char, double> letters;
    for (Value operand : op->getOperands()) {
      auto [term, rest] = terms.split(',');
      terms = rest;
      const symbolic::Shape &shape = shapes[operand].shape;
      size_t at = 0;
      for (char letter : term)
        if (llvm::isAlpha(letter) && at < shape.size())
          letters[letter] = std::max(letters[letter], extent(shape[at++]));
    }
    double work = 1;
    for (auto [letter, size] : letters)
      work *= size;
    return work;
  }

  double sizeOf(Value value) {
    double size = 1;
    for (const symbolic::Expr &dim : shapes[value].shape)
      size *= extent(dim);
    return size;
  }

  double extent(const symbolic::Expr &dim) {
    std::vector<int64_t> values(shapes.context().numSymbols(), usualLength);
    try {
      return std::max<double>(1, static_cast<double>(shapes.context().evaluate(
                                     shapes.context().simplify(dim), values)));
    } catch (const Error &) {
      return 1;
    }
  }

  static constexpr int64_t usualLength = 256;

  void look(Operation *op) {
    StringRef name = opName(op);
    if (name == "Scan")
      keep(op, "a loop over positions in which no operator was recognised");
    else if (name == "Conv" && onnxRank(op->getOperand(0)) == 3)
      keep(op, "a convolution along positions in which no causal one was "
               "recognised");
    else if (name == "CumSum" && isFloat(op->getOperand(0)) &&
             reaches(op->getResult(0), "Exp"))
      keep(op, "a sum of decays in which no scan was recognised");
    else if (name == "Softmax" && isBetweenProducts(op))
      keep(op, "a softmax between two products in which no attention was "
               "recognised");
    else if (name == "MatMul" || name == "Einsum" || name == "Gemm")
      product(op);
  }

  int64_t onnxRank(Value value) { return shapes[value].rank(); }

  /// Whether an op of this name comes after the value, with nothing but
  /// arithmetic of single elements and movement between them.
  static bool reaches(Value from, StringRef name) {
    SmallVector<Value> open = {from};
    llvm::DenseSet<Value> seen;
    while (!open.empty() && seen.size() < 40) {
      Value value = open.pop_back_val();
      if (!seen.insert(value).second)
        continue;
      for (Operation *user : value.getUsers()) {
        if (opName(user) == name)
          return true;
        static constexpr StringLiteral passed[] = {
            "Sub",    "Add",   "Where",  "Unsqueeze", "Squeeze",
            "Expand", "Slice", "Gather", "Reshape",   "Transpose",
            "CumSum", "Pad",   "Cast",   "Identity"};
        if (llvm::is_contained(passed, opName(user)))
          open.push_back(user->getResult(0));
      }
    }
    return false;
  }

  static bool isProduct(Operation *op) {
    return opName(op) == "MatMul" || opName(op) == "Einsum";
  }

  /// A product that gives the scores, and one that takes the weights.
  static bool isBetweenProducts(Operation *op) {
    static constexpr StringLiteral before[] = {
        "Add", "Mul", "Div", "Cast", "CastLike", "Where", "Tanh", "Identity"};
    SmallVector<Value> open = {op->getOperand(0)};
    bool scores = false;
    for (int step = 0; !open.empty() && step < 40 && !scores; ++step) {
      Operation *maker = open.pop_back_val().getDefiningOp();
      scores = isProduct(maker);
      if (llvm::is_contained(before, opName(maker)))
        llvm::append_range(open, maker->getOperands());
    }
    if (!scores)
      return false;
    static constexpr StringLiteral after[] = {"Cast", "CastLike", "Where",
                                              "Identity"};
    open = {op->getResult(0)};
    for (int step = 0; !open.empty() && step < 40; ++step)
      for (Operation *user : open.pop_back_val().getUsers()) {
        if (isProduct(user))
          return true;
        if (llvm::is_contained(after, opName(user)))
          open.push_back(user->getResult(0));
      }
    return false;
  }

  /// Whether nothing that is given when the model runs is in it.
  bool isWeight(Value value) {
    auto [found, isNew] = weights.try_emplace(value, false);
    if (!isNew)
      return found->second;
    Operation *op = value.getDefiningOp();
    bool result = op && op->getNumRegions() == 0 &&
                  llvm::all_of(op->getOperands(), [&](Value operand) {
                    return isWeight(operand);
                  });
    return weights[value] = result;
  }

  /// Products with a matrix of weights on the right, or with matrices that
  /// indices choose, have kernels.
  void product(Operation *op) {
    Value lhs = op->getOperand(0),
          rhs = op->getNumOperands() > 1 ? op->getOperand(1) : Value();
    if (!rhs || isWeight(op->getResult(0)) ||
        (opName(op) != "Einsum" && isWeight(rhs) && onnxRank(rhs) <= 2))
      return;
    if (IndexedProduct::match(op, shapes))
      return;
    if (opName(op) == "MatMul" && isOuter(lhs))
      return;
    if (opName(op) == "Einsum" && readsOnce(op))
      return;
    if (isChosenWeight(lhs) || isChosenWeight(rhs))
      keep(op, "a product with weights that are chosen when the model runs "
               "(routed experts)");
    else if (isWeight(lhs) || isWeight(rhs))
      keep(op,
           "a product with weights that is not one matrix on the right side");
    else
      keep(op, "a product of two tensors that are computed when the model "
               "runs, outside of an operator that has a kernel");
  }

  /// Whether rows of weights are gathered, and moved about.
  bool isChosenWeight(Value value) {
    static constexpr StringLiteral passed[] = {
        "Gather",  "GatherND", "Reshape",   "Transpose",
        "Squeeze", "Cast",     "Unsqueeze", "Identity"};
    bool gathered = false;
    while (!isWeight(value)) {
      Operation *op = value.getDefiningOp();
      if (!llvm::is_contained(passed, opName(op)))
        return false;
      gathered |= opName(op).starts_with("Gather");
      value = op->getOperand(0);
    }
    return gathered;
  }

  /// Whether one side has no dimension of its own, so that no element of the
  /// other is read twice: multiplied and summed up, as generic code does it.
  static bool readsOnce(Operation *op) {
    auto [terms, output] =
        op->getAttrOfType<StringAttr>("equation").getValue().split("->");
    auto [left, right] = terms.split(',');
    auto hasOwn = [](StringRef side, StringRef other) {
      return llvm::any_of(side, [&](char letter) {
        return llvm::isAlpha(letter) && !other.contains(letter);
      });
    };
    return !hasOwn(left, right) || !hasOwn(right, left);
  }

  /// One column: the product only multiplies.
  bool isOuter(Value lhs) {
    const symbolic::Shape &shape = shapes[lhs].shape;
    return !shape.empty() && shapes.context().valueOf(shape.back()) == 1;
  }

  func::FuncOp function;
  onnx::SymbolicShapes &shapes;
  RaiseReport &report;
  llvm::StringSet<> known;
  llvm::DenseMap<Value, bool> weights;
};

} // namespace

void reportLeftovers(func::FuncOp function, onnx::SymbolicShapes &shapes,
                     RaiseReport &report) {
  Leftovers(function, shapes, report).run();
}

} // namespace jarana::raise
