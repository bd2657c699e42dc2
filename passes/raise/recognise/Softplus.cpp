// Softplus with a linear branch where it is the identity in any float type:
// Where(x > 20, x, Softplus(x)), with a factor and a divisor of 1 (PyTorch's
// beta) in its longer spelling.
#include "passes/raise/recognise/Constants.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

/// Beyond this log(1 + exp(x)) is x, to all digits of f32.
constexpr double smallestThreshold = 20;

/// The value without factors and divisors of 1, and conversions to its own
/// type.
Value withoutOnes(Value value) {
  for (;;) {
    Operation *op = value.getDefiningOp();
    if (opName(op) == "Cast" && op->getOperand(0).getType() == value.getType())
      value = op->getOperand(0);
    else if ((opName(op) == "Mul" || opName(op) == "Div") &&
             numberOf(op->getOperand(1)) == 1.0 &&
             op->getOperand(0).getType() == value.getType())
      value = op->getOperand(0);
    else
      return value;
  }
}

class Softplus : public Recogniser {
public:
  StringRef name() const override { return "softplus"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    if (opName(anchor) != "Where")
      return;
    Value curved = withoutOnes(anchor->getOperand(2));
    if (!is(curved, "Softplus"))
      return;
    Value x = withoutOnes(curved.getDefiningOp()->getOperand(0));
    Operation *compare = anchor->getOperand(0).getDefiningOp();
    if (withoutOnes(anchor->getOperand(1)) != x ||
        (opName(compare) != "Greater" && opName(compare) != "GreaterOrEqual") ||
        withoutOnes(compare->getOperand(0)) != x)
      return;
    auto threshold = numberOf(compare->getOperand(1));
    if (!threshold)
      return;
    if (!(*threshold >= smallestThreshold)) {
      declined = "its linear branch begins at " + std::to_string(*threshold);
      return;
    }
    Proposal proposal;
    proposal.kind = "Softplus";
    proposal.inputs = {{x, Fill::Wide}};
    proposal.outputs = {anchor->getResult(0)};
    proposal.build = [](OnnxBuilder &build, ValueRange inputs) {
      return SmallVector<Value>{build.one("Softplus", inputs[0])};
    };
    proposals.push_back(std::move(proposal));
  }
};

} // namespace

std::unique_ptr<Recogniser> makeSoftplusRecogniser() {
  return std::make_unique<Softplus>();
}

} // namespace jarana::raise::recognise
