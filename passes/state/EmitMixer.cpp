// Mixers of a derived function: their states are arguments, and the next states
// results.
#include "dialects/hybrid/Hybrid.h"
#include "passes/state/Build.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"

using namespace mlir;

namespace jarana::state {

/// An argument for a state; the caller adds the result.
Value Build::addState(Operation *op, RankedTensorType type, StringRef kind,
                      int pastAxis) {
  unsigned number = numbers.try_emplace(op, numbers.size()).first->second;
  std::string suffix = "." + std::to_string(number) + "." + kind.str();
  auto texts = [&](const std::string &positions) {
    SmallVector<std::string> dims;
    for (auto [axis, extent] : llvm::enumerate(type.getShape()))
      dims.push_back(int(axis) == pastAxis           ? positions
                     : ShapedType::isDynamic(extent) ? batchName
                                                     : std::to_string(extent));
    return dims;
  };
  Value argument = addArgument(type, "state" + suffix, texts(pastName),
                               type.getElementType());
  NamedAttrList next(cast<DictionaryAttr>(argAttrs.back()));
  SmallVector<Attribute> nextDims;
  for (const std::string &dim : texts(pastName + " + " + lengthName))
    nextDims.push_back(b.getStringAttr(dim));
  next.set("hybrid.dims", b.getArrayAttr(nextDims));
  next.set(hybrid::kNameAttr, b.getStringAttr("next" + suffix));
  resultAttrs.push_back(next.getDictionary(b.getContext()));
  tensors.push_back({"state" + suffix, "next" + suffix, kind.str(),
                     hybrid::nodeName(op), type});
  return argument;
}

/// Mixers with a state of fixed size.
void Build::emitScan(Operation *op, const Plan &plan) {
  auto mixer = cast<hybrid::SequenceMixerOpInterface>(op);
  auto &made = scans[op];
  if (made.empty()) {
    SmallVector<hybrid::NamedDims> dims =
        cast<hybrid::ComputeOpInterface>(op).getNamedDims();
    SmallVector<Value> operands;
    SmallVector<OpOperand *> states = mixer.getStateOperands();
    for (OpOperand &operand : op->getOpOperands()) {
      unsigned number = operand.getOperandNumber();
      if (!llvm::is_contained(states, &operand)) {
        operands.push_back(get(operand.get(), plan.operands[number]->axes));
        continue;
      }
      // A window of past inputs has a dimension of positions; a recurrent state
      // has none.
      bool window = StringRef(dims[number].dims).contains('*');
      operands.push_back(
          addState(op, cast<RankedTensorType>(operand.get().getType()),
                   window ? "conv" : "ssm", -1));
    }
    if (step) {
      auto values = mixer.buildStep(b, operands);
      made = succeeded(values) ? *values : SmallVector<Value>();
    }
    if (made.empty())
      made = llvm::to_vector_of<Value>(
          hybrid::cloneOnOperands(b, op, operands)->getResults());
    for (OpOperand *state : states)
      results.push_back(made[cast<DestinationStyleOpInterface>(op)
                                 .getTiedOpResult(state)
                                 .getResultNumber()]);
  }
  Value rows = made[plan.result];
  OpResult result = op->getResult(plan.result);
  unsigned along = mixer.getSequenceDim(
      *cast<DestinationStyleOpInterface>(op).getTiedOpOperand(result));
  if (!step && plan.demand.axes[along].kind == Kind::Last) {
    int64_t rank = plan.demand.axes.size();
    SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0)),
        strides(rank, b.getIndexAttr(1)),
        lengths = tensor::getMixedSizes(b, loc, rows);
    offsets[along] =
        arith::SubIOp::create(b, loc, lengthValue(Kind::Query), constant(1))
            .getResult();
    lengths[along] = b.getIndexAttr(1);
    rows =
        tensor::ExtractSliceOp::create(b, loc, typeOf(result, plan.demand.axes),
                                       rows, offsets, lengths, strides);
  }
  set(result, plan.demand.axes, rows);
}

/// All of a context (keys, or values): the past ones, then the new ones.
Value Build::context(Operation *op, OpOperand &operand, const Plan &plan,
                     StringRef kind) {
  Value &all = contexts[operand.get()];
  if (all)
    return all;
  unsigned along =
      cast<hybrid::SequenceMixerOpInterface>(op).getSequenceDim(operand);
  Value fresh =
      get(operand.get(), plan.operands[operand.getOperandNumber()]->axes);
  auto type = cast<RankedTensorType>(operand.get().getType());
  Value seen = addState(op, type, kind, static_cast<int>(along));
  if (!firstContext)
    firstContext = seen;
  SmallVector<OpFoldResult> lengths = tensor::getMixedSizes(b, loc, fresh),
                            newLengths = lengths, pastLengths = lengths;
  newLengths[along] = length(Kind::Query);
  lengths[along] = total;
  pastLengths[along] = past;
  Value empty = tensor::EmptyOp::create(b, loc, lengths, type.getElementType());
  SmallVector<OpFoldResult> zeros(type.getRank(), b.getIndexAttr(0)),
      ones(type.getRank(), b.getIndexAttr(1)), behind = zeros;
  behind[along] = past;
  Value joined = tensor::InsertSliceOp::create(b, loc, seen, empty, zeros,
                                               pastLengths, ones);
  all = tensor::InsertSliceOp::create(b, loc, fresh, joined, behind, newLengths,
                                      ones);
  results.push_back(all);
  return all;
}

void Build::emitContinuation(Operation *op, const Plan &plan) {
  auto mixer = cast<hybrid::SequenceMixerOpInterface>(op);
  SmallVector<hybrid::NamedDims> dims =
      cast<hybrid::ComputeOpInterface>(op).getNamedDims();
  // The states of a mixer come in the order in which it names them.
  SmallVector<Value> operands(op->getNumOperands());
  for (OpOperand *operand : mixer.getContextOperands()) {
    unsigned number = operand->getOperandNumber();
    operands[number] = context(op, *operand, plan, dims[number].name);
  }
  for (OpOperand &operand : op->getOpOperands()) {
    unsigned number = operand.getOperandNumber();
    if (!operands[number])
      operands[number] = get(operand.get(), plan.operands[number]->axes);
  }
  OpResult result = op->getResult(plan.result);
  unsigned along = mixer.getSequenceDim(
      *cast<DestinationStyleOpInterface>(op).getTiedOpOperand(result));
  SmallVector<Value> made = mixer.buildContinuation(
      b, operands, offset(plan.demand.axes[along].kind));
  set(result, plan.demand.axes, made[plan.result]);
}

} // namespace jarana::state
