// cpu-order-outputs: an output that others are computed in is written last.
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_ORDEROUTPUTSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

bool isOutput(func::FuncOp entry, Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && argument.getOwner() == &entry.getBody().front() &&
         argument.getArgNumber() >= numInputs(entry) &&
         argument.getArgNumber() < entry.getNumArguments() - 2;
}

struct OrderOutputs : impl::OrderOutputsPassBase<OrderOutputs> {
  void runOnOperation() override {
    func::FuncOp entry = getOperation();
    if (!isEntry(entry))
      return;
    Block &block = entry.getBody().front();
    SmallVector<memref::CopyOp> waiting;
    for (auto copy :
         llvm::make_early_inc_range(block.getOps<memref::CopyOp>())) {
      if (copy.getSource() == copy.getTarget())
        copy.erase();
      else if (isOutput(entry, copy.getTarget()))
        waiting.push_back(copy);
    }
    BufferViewFlowAnalysis aliases(entry);
    // The outputs that each of them reads.
    DenseMap<Operation *, SmallPtrSet<Value, 2>> reads;
    for (memref::CopyOp copy : waiting)
      for (Value alias : aliases.resolveReverse(copy.getSource()))
        if (isOutput(entry, alias) && alias != copy.getTarget())
          reads[copy].insert(alias);

    Operation *end = block.getTerminator();
    while (!waiting.empty()) {
      auto isRead = [&](memref::CopyOp copy) {
        return llvm::any_of(waiting, [&](memref::CopyOp other) {
          return other != copy && reads[other].contains(copy.getTarget());
        });
      };
      auto *next = llvm::find_if_not(waiting, isRead);
      if (next == waiting.end()) {
        saveSource(waiting.front());
        reads[waiting.front()].clear();
        continue;
      }
      (*next)->moveBefore(end);
      waiting.erase(next);
    }
  }

  /// Takes what the copy reads to a buffer of its own, before any of the copies
  /// that are still to come.
  static void saveSource(memref::CopyOp copy) {
    OpBuilder builder(copy->getBlock()->getTerminator());
    builder.setInsertionPoint(copy);
    Location loc = copy.getLoc();
    auto type = cast<MemRefType>(copy.getTarget().getType());
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(
            memref::DimOp::create(builder, loc, copy.getTarget(), dim));
    Value buffer = memref::AllocOp::create(builder, loc, type, sizes);
    memref::CopyOp::create(builder, loc, copy.getSource(), buffer);
    copy.getSourceMutable().set(buffer);
  }
};
} // namespace
} // namespace jarana::cpu
