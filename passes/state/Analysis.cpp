#include "passes/state/Analysis.h"
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace jarana::state {

StringRef toString(Action action) {
  switch (action) {
  case Action::Local:
    return "local";
  case Action::Position:
    return "position";
  case Action::Mixing:
    return "mixing";
  case Action::Opaque:
    return "opaque";
  }
  return "";
}

bool isZeros(Value value) {
  DenseElementsAttr constant;
  if (matchPattern(value, m_Constant(&constant)) && constant.isSplat()) {
    auto number = constant.getSplatValue<Attribute>();
    if (auto real = dyn_cast<FloatAttr>(number))
      return real.getValue().isZero();
    auto integer = dyn_cast<IntegerAttr>(number);
    return integer && integer.getValue().isZero();
  }
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (auto fill = dyn_cast<linalg::FillOp>(op))
    return matchPattern(fill.getInputs()[0], m_AnyZeroFloat()) ||
           matchPattern(fill.getInputs()[0], m_Zero());
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp, tensor::CastOp,
          tensor::ExtractSliceOp, linalg::TransposeOp, linalg::BroadcastOp>(op))
    return isZeros(op->getOperand(0));
  // A copy to other axes.
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic || generic.getNumDpsInits() != 1 ||
      generic.getNumReductionLoops() != 0)
    return false;
  auto yielded = dyn_cast<BlockArgument>(
      generic.getRegion().front().getTerminator()->getOperand(0));
  return yielded &&
         yielded.getArgNumber() < unsigned(generic.getNumDpsInputs()) &&
         isZeros(generic.getDpsInputs()[yielded.getArgNumber()]);
}

Use useOfOperands(const Plan &plan, const Axes &axes) {
  bool tail = llvm::all_of(axes, [](Axis axis) {
    return axis.kind == Kind::Plain || axis.kind == Kind::Last;
  });
  return plan.demand.use == Use::Tail && !tail ? Use::Rows : plan.demand.use;
}

Analysis::Analysis(func::FuncOp main, const Roles &roles)
    : main(main), inputs(roles), sizes(main, roles) {}

const std::vector<Plan> &Analysis::plansOf(Operation *op) const {
  auto found = plans.find(op);
  return found == plans.end() ? none : found->second;
}

ArrayRef<Demand> Analysis::demandsOn(Value value) const {
  auto found = demands.find(value);
  return found == demands.end() ? ArrayRef<Demand>() : found->second;
}

std::optional<Action> Analysis::actionOf(Operation *op) const {
  auto found = actions.find(op);
  return found == actions.end() ? std::nullopt : std::optional(found->second);
}

int Analysis::sequenceAxis(Operation *op) {
  auto type = op->getNumResults()
                  ? dyn_cast<RankedTensorType>(op->getResult(0).getType())
                  : RankedTensorType();
  for (int64_t axis = 0; type && axis < type.getRank(); ++axis)
    if (sizes.roleOf(op->getResult(0), axis) != SizeRole::Plain)
      return axis;
  return -1;
}

bool Analysis::refuse(Operation *op, const Twine &why) {
  // The first reason is the one that matters.
  if (!reason.op) {
    reason = {op, why.str()};
    actions[op] = Action::Opaque;
  }
  return false;
}

bool Analysis::run() {
  Block &block = main.getBody().front();
  Value wanted = block.getTerminator()->getOperand(inputs.logits);
  auto type = cast<RankedTensorType>(wanted.getType());
  logits = {Axes(type.getRank()), Use::Tail};
  for (int64_t axis = 0; axis < type.getRank(); ++axis)
    if (sizes.roleOf(wanted, axis) != SizeRole::Plain)
      logits.axes[axis].kind = Kind::Last;
  if (!demand(block.getTerminator(), wanted, logits))
    return false;
  // Every user of a value stands behind it.
  for (Operation &op : llvm::reverse(block))
    if (!visit(&op))
      return false;
  return true;
}

/// `user` needs `value` in this form.
bool Analysis::demand(Operation *user, Value value, const Demand &wanted) {
  if (auto type = dyn_cast<RankedTensorType>(value.getType()))
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      SizeRole role = sizes.roleOf(value, axis);
      bool positions = wanted.axes[axis].kind != Kind::Plain;
      if (role == SizeRole::Other)
        return refuse(user, "has an operand whose dimension " + Twine(axis) +
                                " depends on the length in a way that does "
                                "not follow its positions");
      if (!positions && role != SizeRole::Plain)
        return refuse(user, "mixes positions: it reads all of them along "
                            "dimension " +
                                Twine(axis) + " of an operand");
      if (role == SizeRole::Sequence && wanted.axes[axis].inner != 1)
        return refuse(user, "reshapes the sequence in an order that is not "
                            "that of its positions");
      if (positions && role == SizeRole::Plain)
        return refuse(user, "combines the sequence with dimension " +
                                Twine(axis) +
                                " of an operand, which is not the sequence");
    }
  auto &list = demands[value];
  if (!llvm::is_contained(list, wanted))
    list.push_back(wanted);
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != &main.getBody().front())
    return true;
  bool context = llvm::any_of(
      wanted.axes, [](Axis axis) { return axis.kind == Kind::Context; });
  if (context && inputs.mask != argument.getArgNumber())
    return refuse(user, argument.getArgNumber() == inputs.ids
                            ? "needs the token ids of all positions at once"
                            : "compares the position_ids of all positions, of "
                              "which a step sees only its own");
  return true;
}

bool Analysis::visit(Operation *op) {
  if (isa<hybrid::CheckOp>(op))
    return visitCheck(op);
  for (OpResult result : op->getResults())
    // The list may grow while operands are demanded, but not with the results
    // of this op.
    for (const Demand &wanted : llvm::to_vector(demandsOn(result)))
      if (!addPlan(op, result.getResultNumber(), wanted))
        return false;
  return true;
}

bool Analysis::addPlan(Operation *op, unsigned result, const Demand &wanted) {
  Plan made;
  made.demand = wanted;
  made.result = result;
  made.operands.resize(op->getNumOperands());
  actions.try_emplace(op, Action::Local);
  if (!plan(op, made))
    return false;
  for (auto [index, need] : llvm::enumerate(made.operands))
    if (need && !llvm::is_contained(made.unread, index) &&
        !demand(op, op->getOperand(index), *need))
      return false;
  for (const auto &[value, need] : made.captured)
    if (!demand(op, value, need))
      return false;
  plans[op].push_back(std::move(made));
  return true;
}

bool Analysis::plan(Operation *op, Plan &plan) {
  if (isa<linalg::LinalgOp>(op))
    return planLinalg(op, plan);
  if (isa<hybrid::SequenceMixerOpInterface>(op))
    return planMixer(op, plan);
  if (isa<hybrid::ComputeOpInterface>(op))
    return planCompute(op, plan);
  if (isa<tensor::ExpandShapeOp>(op))
    return planExpand(op, plan);
  if (isa<tensor::CollapseShapeOp>(op))
    return planCollapse(op, plan);
  if (isa<tensor::ExtractSliceOp>(op))
    return planExtractSlice(op, plan);
  if (isa<tensor::InsertSliceOp>(op))
    return planInsertSlice(op, plan);
  if (isa<tensor::CastOp>(op) || OpTrait::hasElementwiseMappableTraits(op))
    return planElementwise(op, plan);
  if (isa<tensor::EmptyOp>(op)) // its sizes follow from the axes
    return true;
  if (isa<scf::ForOp>(op) && !isPlain(plan.demand.axes))
    return planLoop(op, plan);
  return planWhole(op, plan);
}

/// Conditions are checked by each call for what is new to it.
bool Analysis::visitCheck(Operation *check) {
  Value condition = cast<hybrid::CheckOp>(check).getCondition();
  actions[check] = Action::Local;
  return checkCondition(check, condition);
}

bool Analysis::checkCondition(Operation *check, Value condition) {
  if (!sizes.isShapeArithmetic(condition))
    return demand(check, condition, {{}, Use::Check});
  // Equal lengths, and lengths of at least 1, are checked anew by the derived
  // functions. An upper bound holds for all positions so far.
  if (sizes.roleOf(condition) == SizeRole::Plain)
    return true;
  auto compare = condition.getDefiningOp<arith::CmpIOp>();
  if (!compare)
    return refuse(check, "limits the length in a way that is not known: " +
                             cast<hybrid::CheckOp>(check).getMessage());
  auto lhs = sizes.roleOf(compare.getLhs()),
       rhs = sizes.roleOf(compare.getRhs());
  using P = arith::CmpIPredicate;
  P predicate = compare.getPredicate();
  if (predicate == P::eq && lhs == SizeRole::Sequence &&
      rhs == SizeRole::Sequence)
    return true;
  APInt bound;
  if (lhs == SizeRole::Sequence &&
      matchPattern(compare.getRhs(), m_ConstantInt(&bound))) {
    if (predicate == P::sle || predicate == P::slt)
      return true;
    if (predicate == P::sge && bound.sle(1))
      return true;
  }
  return refuse(check, "limits the length (--generalize=length may lift "
                       "that): " +
                           cast<hybrid::CheckOp>(check).getMessage());
}

} // namespace jarana::state
