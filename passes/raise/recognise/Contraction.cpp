// Multiply and reduce becomes one contraction: the product of two tensors that
// are broadcast against each other, summed over some of its dimensions, is an
// Einsum whose operands are the tensors without their dimensions of size 1.
//
//   C [b,c,l,1,h,n] * B [b,c,1,s,h,n], summed over n
//     -> Einsum "abcef,abdef->abcde" of C [b,c,l,h,n] and B [b,c,s,h,n]
//
// The product itself, which is far larger than its operands, then never exists.
#include "passes/raise/Lowering.h"
#include "passes/raise/recognise/Constants.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

/// One dimension of the product.
struct Loop {
  bool inLhs, inRhs; ///< that operand has it, with more than one element
  bool summed;
  bool present() const { return inLhs || inRhs; }
};

/// A product and its sum, dimension by dimension.
struct Sum {
  Value lhs, rhs;
  SmallVector<Loop> loops;
  bool keepsSummed = false; ///< summed dimensions stay, with one element
};

/// A factor: a tensor, and which of its dimensions are dropped.
struct Factor {
  Value value;
  SmallVector<int64_t> ones;

  Value squeezed(OnnxBuilder &build, Value given) const {
    return ones.empty() ? given
                        : build.one("Squeeze", {given, build.integers(ones)});
  }
};

class Contraction : public Recogniser {
public:
  StringRef name() const override { return "contraction"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    std::optional<Sum> sum = read(anchor, graph);
    if (!sum)
      return;
    Proposal proposal;
    proposal.kind = "Einsum";
    Factor lhs = factor(graph, *sum, sum->lhs, &Loop::inLhs),
           rhs = factor(graph, *sum, sum->rhs, &Loop::inRhs);
    proposal.inputs = {{lhs.value}, {rhs.value}};
    proposal.outputs = {anchor->getResult(0)};
    // Both sides are the same sum of the same products, which the sizes of the
    // dimensions prove; at full size the product could not be evaluated.
    proposal.provenByMaps = true;
    proposal.build = [=, sum = *sum](OnnxBuilder &build, ValueRange inputs) {
      return SmallVector<Value>{make(build, sum, lhs.squeezed(build, inputs[0]),
                                     rhs.squeezed(build, inputs[1]))};
    };
    proposals.push_back(std::move(proposal));
  }

private:
  static std::optional<Sum> read(Operation *anchor, Graph &graph) {
    if (opName(anchor) != "ReduceSum" || !isFloat(anchor->getResult(0)))
      return std::nullopt;
    Value product = anchor->getOperand(0);
    if (!is(product, "Mul") || !product.hasOneUse() ||
        anchor->getNumOperands() < 2)
      return std::nullopt;
    auto axes = integersOf(graph, anchor->getOperand(1));
    if (!axes || axes->empty())
      return std::nullopt;
    int64_t rank = rankOf(product);
    Sum sum;
    sum.lhs = product.getDefiningOp()->getOperand(0);
    sum.rhs = product.getDefiningOp()->getOperand(1);
    sum.keepsSummed = Lowering::integer(anchor, "keepdims", 1) != 0;
    for (int64_t axis = 0; axis < rank; ++axis) {
      auto size = [&](Value side) {
        int64_t own = axis - (rank - rankOf(side));
        return own < 0 ? symbolic::Expr(1) : dim(graph, side, own);
      };
      symbolic::Expr left = size(sum.lhs), right = size(sum.rhs);
      Loop loop{!left.isConstant(1), !right.isConstant(1), false};
      // Which of two sizes that may differ is repeated is not known here.
      if (loop.inLhs && loop.inRhs &&
          !graph.shapes.context().proveEqual(left, right))
        return std::nullopt;
      sum.loops.push_back(loop);
    }
    for (int64_t axis : *axes)
      sum.loops[static_cast<size_t>(axis < 0 ? axis + rank : axis)].summed =
          true;
    auto any = [&](bool Loop::*side) {
      return llvm::any_of(sum.loops,
                          [&](const Loop &loop) { return loop.*side; });
    };
    // Each dimension has a letter; a factor without any is not a tensor.
    if (rank > 26 || !any(&Loop::inLhs) || !any(&Loop::inRhs))
      return std::nullopt;
    return sum;
  }

  /// What the operand is without its dimensions of size 1.
  static Factor factor(Graph &graph, const Sum &sum, Value value,
                       bool Loop::*side) {
    Factor factor{value, {}};
    size_t lead = sum.loops.size() - static_cast<size_t>(rankOf(value));
    for (size_t axis = lead; axis < sum.loops.size(); ++axis)
      if (!(sum.loops[axis].*side))
        factor.ones.push_back(static_cast<int64_t>(axis - lead));
    if (!is(value, "Unsqueeze"))
      return factor;
    // What was only just unsqueezed is there already.
    Operation *op = value.getDefiningOp();
    auto added = integersOf(graph, op->getOperand(1));
    if (!added)
      return factor;
    for (int64_t &axis : *added)
      axis = axis < 0 ? axis + rankOf(value) : axis;
    llvm::sort(*added);
    return *added == factor.ones ? Factor{op->getOperand(0), {}} : factor;
  }

  static Value make(OnnxBuilder &build, const Sum &sum, Value left,
                    Value right) {
    std::string leftTerm, rightTerm, result;
    bool anySummed = false, sameLoops = true;
    SmallVector<int64_t> missing; // dimensions of the result with one element
    int64_t position = 0;
    for (auto [axis, loop] : llvm::enumerate(sum.loops)) {
      char letter = static_cast<char>('a' + axis);
      if (loop.inLhs)
        leftTerm += letter;
      if (loop.inRhs)
        rightTerm += letter;
      anySummed |= loop.summed && loop.present();
      sameLoops &= loop.inLhs == loop.inRhs;
      if (loop.summed && !sum.keepsSummed)
        continue;
      if (loop.present() && !loop.summed)
        result += letter;
      else
        missing.push_back(position);
      ++position;
    }
    Value value;
    if (!anySummed && sameLoops)
      value = build.one("Mul", {left, right});
    else
      value = build.one(
          "Einsum", {left, right},
          build.attribute("equation",
                          build.b.getStringAttr(leftTerm + "," + rightTerm +
                                                "->" + result)));
    return missing.empty()
               ? value
               : build.one("Unsqueeze", {value, build.integers(missing)});
  }
};

} // namespace

std::unique_ptr<Recogniser> makeContractionRecogniser() {
  return std::make_unique<Contraction>();
}

} // namespace jarana::raise::recognise
