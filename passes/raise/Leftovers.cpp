#include "passes/raise/Leftovers.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "passes/raise/Lowering.h"
#include "llvm/ADT/StringSet.h"

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
  }

private:
  void keep(Operation *op, const std::string &reason) {
    std::string node = Lowering::nodeName(op);
    if (node.empty() || known.insert(node).second)
      report.kept(Lowering::operatorName(op), node, reason);
  }

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

  /// Products with a matrix of weights on the right have kernels.
  void product(Operation *op) {
    Value lhs = op->getOperand(0),
          rhs = op->getNumOperands() > 1 ? op->getOperand(1) : Value();
    if (!rhs || isWeight(op->getResult(0)) ||
        (opName(op) != "Einsum" && isWeight(rhs) && onnxRank(rhs) <= 2))
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
