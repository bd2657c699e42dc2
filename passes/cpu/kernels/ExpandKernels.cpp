// cpu-expand-kernels: hybrid ops on buffers become loops over vectors.
#include "passes/cpu/kernels/Kernels.h"
#include "passes/cpu/kernels/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_EXPANDKERNELSPASS
#include "passes/cpu/kernels/Passes.h.inc"

namespace {

struct ExpandKernels : impl::ExpandKernelsPassBase<ExpandKernels> {
  using ExpandKernelsPassBase::ExpandKernelsPassBase;

  void runOnOperation() override {
    if (!llvm::is_contained<int64_t>({128, 256, 512}, vectorBits)) {
      getOperation().emitError("vector-bits must be 128, 256 or 512, not ")
          << vectorBits;
      return signalPassFailure();
    }
    TargetInfo target = TargetInfo::get(vectorBits, vectorRegisters);
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (!isa<hybrid::ComputeOpInterface>(op) || op->getNumResults() != 0)
        return WalkResult::advance();
      OpBuilder builder(op);
      Emitter emitter(op->getLoc(), builder, target);
      return expand(emitter, op);
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }

  static WalkResult expand(Emitter &emitter, Operation *op) {
    Emit emit = find(op);
    if (!emit)
      return WalkResult::advance();
    for (Value operand : op->getOperands())
      if (auto type = dyn_cast<MemRefType>(operand.getType()))
        if (type.getRank() > 0 && !type.isLastDimUnitStride()) {
          op->emitOpError("has a buffer that is not contiguous along its last "
                          "dimension: ")
              << type;
          return WalkResult::interrupt();
        }
    emit(emitter, op);
    op->erase();
    return WalkResult::skip();
  }

  using Emit = void (*)(Emitter &, Operation *);

  template <class Op, void (*emit)(Emitter &, Op)>
  static void emitAs(Emitter &emitter, Operation *op) {
    emit(emitter, cast<Op>(op));
  }

  /// What builds the code of `op`, null where it has none.
  static Emit find(Operation *op) {
    using namespace hybrid;
    return TypeSwitch<Operation *, Emit>(op)
        .Case([](PackedMatmulOp) {
          return emitAs<PackedMatmulOp, emitPackedMatmul>;
        })
        .Case([](SsdScanOp) { return emitAs<SsdScanOp, emitSsdScan>; })
        .Case([](StateUpdateOp) {
          return emitAs<StateUpdateOp, emitStateUpdate>;
        })
        .Default(Emit(nullptr));
  }
};
} // namespace
} // namespace jarana::cpu
