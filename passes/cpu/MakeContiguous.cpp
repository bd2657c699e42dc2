// cpu-make-contiguous: kernels get buffers that are contiguous along their
// rows.
#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_MAKECONTIGUOUSPASS
#include "passes/cpu/Passes.h.inc"

namespace {
struct MakeContiguous : impl::MakeContiguousPassBase<MakeContiguous> {
  void runOnOperation() override {
    getOperation().walk([](hybrid::ComputeOpInterface op) {
      if (op->getNumResults() != 0)
        return; // on tensors
      auto destination = cast<DestinationStyleOpInterface>(op.getOperation());
      for (OpOperand &operand : op->getOpOperands()) {
        auto type = dyn_cast<MemRefType>(operand.get().getType());
        if (type && type.getRank() > 0 && !type.isLastDimUnitStride())
          copy(operand, type, destination.isDpsInit(&operand));
      }
    });
  }

  static void copy(OpOperand &operand, MemRefType type, bool written) {
    OpBuilder builder(operand.getOwner());
    Location loc = operand.getOwner()->getLoc();
    Value original = operand.get();
    SmallVector<Value> sizes;
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.isDynamicDim(dim))
        sizes.push_back(
            builder.createOrFold<memref::DimOp>(loc, original, dim));
    auto dense = MemRefType::get(type.getShape(), type.getElementType());
    Value buffer = memref::AllocOp::create(builder, loc, dense, sizes);
    memref::CopyOp::create(builder, loc, original, buffer);
    operand.set(buffer);
    if (written) {
      builder.setInsertionPointAfter(operand.getOwner());
      memref::CopyOp::create(builder, loc, buffer, original);
    }
  }
};
} // namespace
} // namespace jarana::cpu
