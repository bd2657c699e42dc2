// Root-mean-square norms that were taken apart:
//
//   Mul(x, x) or Pow(x, 2); ReduceMean(last dimension); Add(epsilon);
//   Sqrt, then Reciprocal, Div, or all of it as Pow(-0.5);
//   Mul with x; Mul with a weight of the last dimension's size
//
// become RMSNormalization. For narrow floats the conversion to f32 before and
// the one back after are the operator's own. Norms of groups are norms of a
// reshaped tensor, whose weight is applied later; they get a weight of ones.
#include "passes/raise/Lowering.h"
#include "passes/raise/recognise/Constants.h"

#include "dialects/onnx/OnnxDialect.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

/// x / sqrt(mean(x^2) + epsilon)
struct Norm {
  Value input, result;
  double epsilon = 0;
};

class RMSNorm : public Recogniser {
public:
  StringRef name() const override { return "rms-norm"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    std::optional<Norm> norm = read(anchor, graph);
    if (!norm)
      return;
    // As much as possible of what stands around it, first.
    Value narrow = narrowInput(norm->input), weight, rounded;
    Operation *user = onlyUser(norm->result);
    if (narrow && opName(user) == "Cast" &&
        elementOf(user->getResult(0)) == elementOf(narrow)) {
      rounded = user->getResult(0);
      user = onlyUser(rounded);
    }
    Value source = rounded ? narrow : norm->input;
    Value normed = rounded ? rounded : norm->result;
    // In bf16 the rounding before the weight matters: the weight stays outside.
    if (opName(user) == "Mul" && !elementOf(source).isBF16()) {
      weight = otherOperand(user, normed);
      if (weight != normed && rankOf(weight) == 1 &&
          elementOf(weight) == elementOf(source) &&
          graph.shapes.context().proveEqual(dim(graph, weight, 0),
                                            dim(graph, source, -1)))
        add(graph, proposals, source, weight, user->getResult(0),
            norm->epsilon);
    }
    add(graph, proposals, source, {}, normed, norm->epsilon);
  }

private:
  /// The norm whose mean the anchor is.
  static std::optional<Norm> read(Operation *anchor, Graph &graph) {
    if (opName(anchor) != "ReduceMean" || anchor->getNumOperands() < 2 ||
        Lowering::integer(anchor, "keepdims", 1) == 0)
      return std::nullopt;
    Value square = anchor->getOperand(0);
    if (!isCommonFloat(square))
      return std::nullopt;
    auto axes = integersOf(graph, anchor->getOperand(1));
    int64_t rank = rankOf(square);
    if (!axes || axes->size() != 1 ||
        ((*axes)[0] != -1 && (*axes)[0] != rank - 1))
      return std::nullopt;
    Operation *squaring = square.getDefiningOp();
    bool isPower = opName(squaring) == "Pow" &&
                   numberOf(squaring->getOperand(1)) == 2.0,
         isProduct = opName(squaring) == "Mul" &&
                     squaring->getOperand(0) == squaring->getOperand(1);
    if (!isPower && !isProduct)
      return std::nullopt;
    Norm norm;
    norm.input = squaring->getOperand(0);
    Value value = anchor->getResult(0);
    Operation *user = onlyUser(value);
    if (opName(user) != "Add")
      return std::nullopt;
    auto epsilon = numberOf(otherOperand(user, value));
    if (!epsilon || !(*epsilon >= 0))
      return std::nullopt;
    norm.epsilon = *epsilon;
    // From the mean's root to the product with the input: what it is exactly,
    // the check finds out.
    value = user->getResult(0);
    for (int step = 0; step < 4; ++step) {
      user = onlyUser(value);
      StringRef name = opName(user);
      if (name == "Sqrt" || name == "Reciprocal") {
        value = user->getResult(0);
        continue;
      }
      if (name != "Mul" && name != "Div" && name != "Pow")
        return std::nullopt;
      if (otherOperand(user, value) == norm.input) {
        norm.result = user->getResult(0);
        return norm;
      }
      if (!numberOf(otherOperand(user, value)))
        return std::nullopt;
      value = user->getResult(0);
    }
    return std::nullopt;
  }

  /// What was converted to f32 for the norm.
  static Value narrowInput(Value input) {
    Operation *cast = input.getDefiningOp();
    if (opName(cast) != "Cast" || !isCommonFloat(cast->getOperand(0)) ||
        elementOf(cast->getOperand(0)).getIntOrFloatBitWidth() >
            elementOf(input).getIntOrFloatBitWidth())
      return {};
    return cast->getOperand(0);
  }

  static void add(Graph &graph, SmallVectorImpl<Proposal> &proposals,
                  Value input, Value weight, Value output, double epsilon) {
    auto width = dim(graph, input, -1).constant();
    if (!width)
      return;
    Proposal proposal;
    proposal.kind = "RMSNormalization";
    // Small rows, so that an epsilon that is not the graph's shows.
    proposal.inputs = {{input, Fill::Rows}};
    if (weight)
      proposal.inputs.push_back({weight});
    proposal.outputs = {output};
    proposal.facts = {{"width", std::to_string(*width)}};
    Type element = elementOf(input);
    proposal.build = [=](OnnxBuilder &build, ValueRange inputs) {
      Value scale =
          inputs.size() > 1 ? inputs[1] : ones(build, *width, element);
      SmallVector<NamedAttribute> attributes = {
          build.attribute("axis", build.b.getI64IntegerAttr(-1)),
          build.attribute(
              "epsilon", build.b.getF32FloatAttr(static_cast<float>(epsilon)))};
      return SmallVector<Value>{
          build.one("RMSNormalization", {inputs[0], scale}, attributes)};
    };
    proposals.push_back(std::move(proposal));
  }

  static Value ones(OnnxBuilder &build, int64_t width, Type element) {
    auto type = RankedTensorType::get({width}, element);
    ElementsAttr elements = cast<ElementsAttr>(Attribute(
        DenseElementsAttr::get(type, build.b.getFloatAttr(element, 1.0))));
    auto constant =
        ::mlir::onnx::ConstantOp::create(build.b, build.loc, type, elements);
    return failed(build.shapes.infer(constant)) ? Value()
                                                : Value(constant.getOutput());
  }
};

} // namespace

std::unique_ptr<Recogniser> makeRMSNormRecogniser() {
  return std::make_unique<RMSNorm>();
}

} // namespace jarana::raise::recognise
