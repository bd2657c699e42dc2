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

/// What is yielded is written over what the body got.
void stabilize(OpOperand &yielded, BlockArgument carried) {
  if (!isa<RankedTensorType>(carried.getType()) ||
      updates(yielded.get(), carried))
    return;
  OpBuilder builder(yielded.getOwner());
  yielded.set(linalg::CopyOp::create(builder, yielded.get().getLoc(),
                                     yielded.get(), carried)
                  .getResult(0));
}

struct StabilizeLoops : impl::StabilizeLoopsPassBase<StabilizeLoops> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto loop = dyn_cast<scf::ForOp>(op))
        for (auto [yielded, carried] :
             llvm::zip_equal(loop.getBody()->getTerminator()->getOpOperands(),
                             loop.getRegionIterArgs()))
          stabilize(yielded, carried);
      // The first region of a while only decides, and hands on what it gets.
      if (auto loop = dyn_cast<scf::WhileOp>(op))
        for (auto [handed, carried] : llvm::zip_equal(
                 loop.getConditionOp().getArgs(), loop.getAfterArguments()))
          if (auto argument = dyn_cast<BlockArgument>(handed);
              argument && argument.getOwner() == loop.getBeforeBody())
            stabilize(loop.getYieldOp()->getOpOperand(argument.getArgNumber()),
                      carried);
    });
  }
};
} // namespace
} // namespace jarana::cpu
