// Depthwise convolutions along a sequence become CausalConvWithState, with what
// follows them: the cut to the sequence's length, SiLU, a transpose.
//
//   Conv(x, pads = [k - 1, k - 1]), cut to the first s       no state
//   Conv(Pad(x, left k - 1))                                 no state
//   Conv(Concat(state, x), pads = [p, p]), cut to the last s the state's last
//                                                            k - 1 columns
//
// A state that is wider than k - 1 columns is cut, and the new state, which is
// cut out of the same concatenation, stays as it is; a state of k - 1 columns
// and the new one become the operator's own.
#include "passes/raise/Lowering.h"
#include "passes/raise/recognise/Constants.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

/// A convolution and what it is applied to.
struct Window {
  Value input;        ///< [b, channels, s]
  Value weight, bias; ///< [channels, 1, k], [channels]; the bias may be absent
  Value state;        ///< [b, channels, w], w >= k - 1; absent: zeros
  Value next;         ///< the last k - 1 columns of state and input; or absent
  int64_t width = 0;  ///< k
};

/// A value after the convolution that may be the operator's result.
struct Stage {
  Value value;
  bool activated = false, transposed = false;
  Value
      bias; ///< added after the convolution, [1, channels, 1] or so; or absent
};

class CausalConv : public Recogniser {
public:
  StringRef name() const override { return "causal-conv"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    std::optional<Window> window = read(anchor, graph, declined);
    if (!window)
      return;
    SmallVector<Stage> after = stages(anchor, *window, graph);
    // In bf16 the roundings between the steps matter: they stay steps.
    bool isCoarse = elementOf(window->input).isBF16();
    for (const Stage &stage : llvm::reverse(after))
      if (hasLength(graph, stage, window->input) &&
          !(isCoarse && (stage.activated || stage.bias))) {
        if (window->next)
          proposals.push_back(proposal(graph, *window, stage, true));
        proposals.push_back(proposal(graph, *window, stage, false));
      }
    if (proposals.empty())
      declined = "no value after it has the input's length";
  }

private:
  static std::optional<Window> read(Operation *anchor, Graph &graph,
                                    std::string &declined) {
    if (opName(anchor) != "Conv" || rankOf(anchor->getOperand(0)) != 3 ||
        !isCommonFloat(anchor->getOperand(0)))
      return std::nullopt;
    Window window;
    window.input = anchor->getOperand(0);
    window.weight = anchor->getOperand(1);
    if (anchor->getNumOperands() > 2 && !is(anchor->getOperand(2), "None"))
      window.bias = anchor->getOperand(2);
    auto channels = dim(graph, window.weight, 0).constant(),
         perGroup = dim(graph, window.weight, 1).constant(),
         width = dim(graph, window.weight, 2).constant();
    if (!channels || perGroup != 1 || !width || *width < 2 ||
        Lowering::integer(anchor, "group", 1) != *channels)
      return std::nullopt; // an ordinary convolution
    window.width = *width;
    SmallVector<int64_t> dilations = Lowering::integers(anchor, "dilations"),
                         strides = Lowering::integers(anchor, "strides"),
                         pads = Lowering::integers(anchor, "pads");
    if (!dilations.empty() && dilations[0] != 1) {
      declined = "its dilation is " + std::to_string(dilations[0]);
      return std::nullopt;
    }
    if (!strides.empty() && strides[0] != 1) {
      declined = "its stride is " + std::to_string(strides[0]);
      return std::nullopt;
    }
    int64_t left = pads.empty() ? 0 : pads[0];
    if (is(window.input, "Pad")) {
      Operation *pad = window.input.getDefiningOp();
      auto amounts = integersOf(graph, pad->getOperand(1));
      bool allAxes =
          pad->getNumOperands() < 4 || is(pad->getOperand(3), "None");
      if (amounts && allAxes && amounts->size() == 6 && (*amounts)[2] > 0) {
        left += (*amounts)[2];
        window.input = pad->getOperand(0);
      }
    }
    if (is(window.input, "Concat")) {
      Operation *concat = window.input.getDefiningOp();
      int64_t axis = Lowering::integer(concat, "axis");
      if (concat->getNumOperands() == 2 && (axis == 2 || axis == -1)) {
        window.state = concat->getOperand(0);
        window.input = concat->getOperand(1);
        window.next = nextState(window, concat->getResult(0), graph);
        return window;
      }
    }
    if (left != window.width - 1) {
      declined = "a position reads " + std::to_string(left) +
                 " positions before it and " +
                 std::to_string(window.width - 1 - left) + " after it";
      return std::nullopt;
    }
    return window;
  }

  /// What may be the new state: k - 1 columns of state and input, where the
  /// state has as many. Which columns, the check finds out.
  static Value nextState(const Window &window, Value full, Graph &graph) {
    symbolic::Expr columns(window.width - 1);
    if (!graph.shapes.context().proveEqual(dim(graph, window.state, 2),
                                           columns))
      return {};
    for (Operation *user : full.getUsers())
      if (opName(user) == "Slice" && user->getOperand(0) == full &&
          sameShape(graph, user->getResult(0), window.state))
        return user->getResult(0);
    return {};
  }

  /// Whether the value is one number per channel, for a stage's layout.
  static bool isBias(Value value, const Window &window, const Stage &stage,
                     Graph &graph) {
    int64_t rank = rankOf(value), channelAxis = stage.transposed ? 2 : 1;
    if (rank < 3 - channelAxis || rank > 3)
      return false;
    for (int64_t axis = 0; axis < rank; ++axis) {
      bool isChannel = axis + 3 - rank == channelAxis;
      if (!graph.shapes.context().proveEqual(
              dim(graph, value, axis),
              isChannel ? dim(graph, window.weight, 0) : symbolic::Expr(1)))
        return false;
    }
    return true;
  }

  /// The convolution's result and what is made of it alone, in order.
  static SmallVector<Stage> stages(Operation *anchor, const Window &window,
                                   Graph &graph) {
    SmallVector<Stage> all = {{anchor->getResult(0), false, false, {}}};
    for (;;) {
      Stage next = all.back();
      if (Value activated = siluOf(next.value); activated && !next.activated) {
        next.value = activated;
        next.activated = true;
      } else {
        Operation *user = onlyUser(next.value);
        if (opName(user) == "Slice" && user->getOperand(0) == next.value) {
          auto axes = user->getNumOperands() > 3
                          ? integersOf(graph, user->getOperand(3))
                          : std::nullopt;
          int64_t along = next.transposed ? 1 : 2;
          if (!axes || axes->size() != 1 ||
              ((*axes)[0] != along && (*axes)[0] != along - 3))
            return all;
        } else if (opName(user) == "Transpose" &&
                   Lowering::integers(user, "perm") ==
                       SmallVector<int64_t>{0, 2, 1}) {
          next.transposed = !next.transposed;
        } else if (opName(user) == "Add" && !next.activated && !next.bias &&
                   !window.bias &&
                   isBias(otherOperand(user, next.value), window, next,
                          graph)) {
          next.bias = otherOperand(user, next.value);
        } else if (opName(user) != "Identity" &&
                   !(opName(user) == "Cast" &&
                     user->getResult(0).getType() == next.value.getType())) {
          return all;
        }
        next.value = user->getResult(0);
      }
      all.push_back(next);
    }
  }

  static bool hasLength(Graph &graph, const Stage &stage, Value input) {
    return graph.shapes.context().proveEqual(
        dim(graph, stage.value, stage.transposed ? 1 : 2),
        dim(graph, input, 2));
  }

  static Proposal proposal(Graph &graph, const Window &window,
                           const Stage &stage, bool withNext) {
    Proposal proposal;
    proposal.kind = "CausalConvWithState";
    proposal.inputs = {{window.input}, {window.weight}};
    Value bias = window.bias ? window.bias : stage.bias;
    if (bias)
      proposal.inputs.push_back({bias});
    if (window.state)
      proposal.inputs.push_back({window.state});
    proposal.outputs = {stage.value};
    if (withNext)
      proposal.outputs.push_back(window.next);
    proposal.length = dim(graph, window.input, 2);
    proposal.window = window.width;
    proposal.facts = {{"channels", graph.shapes.context().print(
                                       dim(graph, window.weight, 0))},
                      {"width", std::to_string(window.width)},
                      {"activation", stage.activated ? "silu" : "none"}};
    bool exactState = window.state && graph.shapes.context().proveEqual(
                                          dim(graph, window.state, 2),
                                          symbolic::Expr(window.width - 1));
    proposal.build = [=](OnnxBuilder &build, ValueRange inputs) {
      size_t next = 2;
      Value added = bias ? inputs[next++] : build.none();
      if (bias && rankOf(bias) > 1)
        added = build.reshape(added, {-1});
      Value state = window.state ? inputs[next++] : build.none();
      if (window.state && !exactState)
        state = sliceAxis(build, state, 2, -(window.width - 1),
                          std::numeric_limits<int64_t>::max());
      SmallVector<Value> results = build.create(
          "CausalConvWithState", {inputs[0], inputs[1], added, state},
          build.attribute("activation", build.b.getStringAttr(
                                            stage.activated ? "silu" : "none")),
          2);
      if (results[0] && stage.transposed)
        results[0] = build.transpose(results[0], {0, 2, 1});
      if (!withNext)
        results.pop_back();
      return results;
    };
    return proposal;
  }
};

} // namespace

std::unique_ptr<Recogniser> makeCausalConvRecogniser() {
  return std::make_unique<CausalConv>();
}

} // namespace jarana::raise::recognise
