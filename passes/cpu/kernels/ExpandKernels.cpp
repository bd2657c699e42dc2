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
    void (*emit)(Emitter &, Operation *) = find(op);
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

  /// What builds the code of `op`, null where it has none.
  static void (*find(Operation *op))(Emitter &, Operation *) {
    using Emit = void (*)(Emitter &, Operation *);
    return TypeSwitch<Operation *, Emit>(op)
        .Case<hybrid::PackedMatmulOp>([](auto) -> Emit {
          return [](Emitter &e, Operation *op) {
            emitPackedMatmul(e, cast<hybrid::PackedMatmulOp>(op));
          };
        })
        .Default(Emit(nullptr));
  }
};
} // namespace
} // namespace jarana::cpu
