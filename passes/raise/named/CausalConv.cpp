// CausalConvWithState to hybrid.causal_conv1d: channels last inside, first at
// the boundary.
#include "passes/raise/Lowering.h"

#include "dialects/hybrid/Hybrid.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// input [b, ch, l], weight [ch, 1, k], bias? [ch], past? [b, ch, k - 1] ->
/// output [b, ch, l], present [b, ch, k - 1].
LogicalResult lowerCausalConv(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  SmallVector<int64_t> swap = {0, 2, 1};
  Tensor input = build.transpose(lowering.get(op, 0), swap),
         weight = lowering.get(op, 1);
  StringRef activation = Lowering::text(op, "activation", "none");
  bool silu = activation == "silu" || activation == "swish";
  if (!silu && activation != "none" && !activation.empty())
    return Lowering::error(op) << "has the unknown activation '" << activation
                               << "' (none, silu, swish)";
  Expr batch = input.shape[0], channels = input.shape[2],
       width = weight.shape[2];
  Value bias = lowering.present(op, 2) ? lowering.get(op, 2).value : Value();
  Shape stateShape = {batch, build.context.simplify(width - Expr(1)), channels};
  Tensor state =
      lowering.present(op, 3)
          ? build.castShape(build.transpose(lowering.get(op, 3), swap),
                            stateShape)
          : build.zeros(stateShape, input.elementType());
  Tensor init = build.empty(input.shape, input.elementType());
  auto conv = hybrid::CausalConv1dOp::create(
      build.b, build.loc, input.value,
      build.reshape(weight, {channels, width}).value, bias, init.value,
      state.value, silu ? hybrid::Activation::Silu : hybrid::Activation::None);
  lowering.set(op->getResult(0),
               build.transpose({conv->getResult(0), init.shape}, swap));
  if (op->getNumResults() > 1)
    lowering.set(op->getResult(1),
                 build.transpose({conv->getResult(1), state.shape}, swap));
  symbolic::Context &context = lowering.context();
  lowering.report.raised("CausalConvWithState", hybrid::nodeName(op),
                         "hybrid.causal_conv1d",
                         {{"channels", context.print(channels)},
                          {"width", context.print(width)},
                          {"activation", silu ? "silu" : "none"}});
  return success();
}

} // namespace

void addCausalConv(LoweringTable &table) {
  table["CausalConvWithState"] = lowerCausalConv;
}

} // namespace jarana::raise
