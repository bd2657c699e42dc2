#include "lib/pipeline/Dataflow.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace jarana::pipeline {
namespace {

/// The operand of an operator that counts positions, and what it counts.
struct Counter {
  StringLiteral op;
  unsigned operand;
  StringLiteral value;
};
constexpr Counter counters[] = {
    {"TensorScatter", 2, "past"},       // write_indices
    {"Attention", 6, "total"},          // nonpad_kv_seqlen
    {"GroupQueryAttention", 5, "last"}, // seqlens_k: the total less one
    {"GroupQueryAttention", 6, "total"} // total_sequence_length
};

/// Follows a value through ops that keep its elements.
void followUses(Value value, function_ref<void(OpOperand &)> use) {
  for (OpOperand &operand : value.getUses()) {
    use(operand);
    StringRef op = operand.getOwner()->getName().stripDialect();
    if (operand.getOperandNumber() == 0 &&
        (op == "Cast" || op == "Reshape" || op == "Squeeze" ||
         op == "Unsqueeze" || op == "Expand"))
      followUses(operand.getOwner()->getResult(0), use);
  }
}

/// The axis of the positions of a buffer that this use writes into.
std::optional<int64_t> writtenAxis(OpOperand &use) {
  Operation *op = use.getOwner();
  StringRef name = op->getName().stripDialect();
  unsigned operand = use.getOperandNumber();
  if (name == "GroupQueryAttention" && (operand == 3 || operand == 4))
    return 2;
  if (operand != 0)
    return std::nullopt;
  if (name == "ScatterND")
    return -1;
  auto mode = op->getAttrOfType<StringAttr>("mode");
  // A circular buffer has no last position.
  bool scatters =
      name == "ScatterElements" ||
      (name == "TensorScatter" && (!mode || mode.getValue() != "circular"));
  auto axis = op->getAttrOfType<IntegerAttr>("axis");
  if (!scatters || !axis)
    return std::nullopt;
  int64_t rank = cast<RankedTensorType>(use.get().getType()).getRank(),
          at = axis.getValue().getSExtValue();
  return at < 0 ? at + rank : at;
}

} // namespace

Dependencies dependenciesOf(func::FuncOp function) {
  unsigned count = function.getNumArguments();
  llvm::DenseMap<Value, llvm::BitVector> from;
  for (BlockArgument argument : function.getArguments()) {
    llvm::BitVector self(count);
    self.set(argument.getArgNumber());
    from[argument] = self;
  }
  Dependencies outputs;
  for (Operation &op : function.getBody().front()) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      for (Value result : op.getOperands())
        outputs.push_back(from.lookup(result));
      break;
    }
    if (isa<tensor::DimOp>(op))
      continue;
    llvm::SetVector<Value> captured;
    getUsedValuesDefinedAbove(op.getRegions(), captured);
    llvm::BitVector all(count);
    for (Value operand : llvm::concat<Value>(llvm::to_vector(op.getOperands()),
                                             captured.getArrayRef().vec()))
      if (auto found = from.find(operand); found != from.end())
        all |= found->second;
    if (all.any())
      for (Value result : op.getResults())
        from[result] = all;
  }
  for (llvm::BitVector &output : outputs)
    output.resize(count);
  return outputs;
}

InputUses usesOf(func::FuncOp function) {
  InputUses uses;
  for (BlockArgument argument : function.getArguments()) {
    auto name = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(),
                                                      "onnx.name");
    if (!name)
      continue;
    followUses(argument, [&](OpOperand &use) {
      StringRef op = use.getOwner()->getName().stripDialect();
      for (const Counter &counter : counters)
        if (op == counter.op && use.getOperandNumber() == counter.operand)
          uses.numbers[name.getValue()] = counter.value.str();
      if (use.get() == argument)
        if (std::optional<int64_t> axis = writtenAxis(use))
          uses.buffers[name.getValue()] = *axis;
    });
  }
  return uses;
}

} // namespace jarana::pipeline
