// cpu-stabilize-loops: loops hand on their tensors in place.
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_STABILIZELOOPSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// Whether `value` is `carried` after updates in place.
bool updates(Value value, BlockArgument carried) {
  while (value != carried) {
    auto result = dyn_cast<OpResult>(value);
    if (!result)
      return false;
    Operation *op = result.getOwner();
    if (auto destination = dyn_cast<DestinationStyleOpInterface>(op))
      value = destination.getTiedOpOperand(result)->get();
    else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
      value = insert.getDest();
    else if (auto insert = dyn_cast<tensor::InsertOp>(op))
      value = insert.getDest();
    else if (auto loop = dyn_cast<scf::ForOp>(op))
      value = loop.getInitArgs()[result.getResultNumber()];
    else
      return false;
  }
  return true;
}

struct StabilizeLoops : impl::StabilizeLoopsPassBase<StabilizeLoops> {
  void runOnOperation() override {
    getOperation().walk([](scf::ForOp loop) {
      Operation *yield = loop.getBody()->getTerminator();
      OpBuilder builder(yield);
      for (auto [operand, carried] :
           llvm::zip_equal(yield->getOpOperands(), loop.getRegionIterArgs())) {
        if (!isa<RankedTensorType>(carried.getType()) ||
            updates(operand.get(), carried))
          continue;
        operand.set(linalg::CopyOp::create(builder, operand.get().getLoc(),
                                           operand.get(), carried)
                        .getResult(0));
      }
    });
  }
};
} // namespace
} // namespace jarana::cpu
