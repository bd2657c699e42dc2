// How ops that mix positions continue from what they have seen.
#include "dialects/hybrid/Hybrid.h"
#include "passes/state/Analysis.h"
#include "passes/state/Causality.h"

#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace jarana::state {

bool Analysis::planMixer(Operation *op, Plan &plan) {
  actions[op] = Action::Mixing;
  auto mixer = cast<hybrid::SequenceMixerOpInterface>(op);
  SmallVector<hybrid::NamedDims> dims =
      cast<hybrid::ComputeOpInterface>(op).getNamedDims();
  OpOperand *init = cast<DestinationStyleOpInterface>(op).getTiedOpOperand(
      op->getResult(plan.result));
  SmallVector<OpOperand *> states = mixer.getStateOperands(),
                           contexts = mixer.getContextOperands();
  if (llvm::is_contained(states, init))
    return refuse(op, "has a final state that the graph itself uses");
  unsigned along = mixer.getSequenceDim(*init);
  for (auto [axis, wanted] : llvm::enumerate(plan.demand.axes))
    if ((wanted.kind != Kind::Plain) != (axis == along))
      return refuse(op, "runs along another dimension than the sequence");
  auto letterAt = [&](OpOperand &operand) {
    return dims[operand.getOperandNumber()].dims[mixer.getSequenceDim(operand)];
  };
  char position = letterAt(*init);
  char context = contexts.empty() ? '\0' : letterAt(*contexts.front());
  Axis row = plan.demand.axes[along];
  if (row.kind == Kind::Context)
    return refuse(op, "mixes positions: all of its result is needed at once");
  if (!states.empty())
    row.kind = Kind::Query; // the state passes through all of them
  Use rowUse = row.kind == Kind::Last ? plan.demand.use : Use::Rows;

  for (OpOperand &operand : op->getOpOperands()) {
    unsigned number = operand.getOperandNumber();
    if (llvm::is_contained(states, &operand)) {
      if (!isZeros(operand.get()))
        return refuse(op, "starts from a state that is not zero");
      continue;
    }
    bool isContext = llvm::is_contained(contexts, &operand);
    Demand need{{}, isContext ? Use::Rows : rowUse};
    for (auto [axis, letter] : llvm::enumerate(dims[number].dims)) {
      bool broadcast = sizes.roleOf(operand.get(), axis) == SizeRole::Plain;
      if (llvm::toLower(letter) == position &&
          !(llvm::isUpper(letter) && broadcast))
        need.axes.push_back(row);
      else if (context && letter == context)
        need.axes.push_back({isContext ? Kind::Query : Kind::Context, 1});
      else
        need.axes.push_back({});
    }
    plan.operands[number] = std::move(need);
  }
  if (contexts.empty())
    return true;

  std::optional<hybrid::ContextView> view = mixer.getContextView();
  if (!view)
    return refuse(op, "reads a context in a way that is not known");
  if (view->isCausal)
    return (view->offset && *view->offset <= 0) ||
           refuse(op, "lets positions see later ones");
  std::string why = "it has no mask";
  if (view->bias && hidesLater(view->bias, sizes, why))
    return true;
  return refuse(op, "is not known to hide later positions: " + why);
}

} // namespace jarana::state
