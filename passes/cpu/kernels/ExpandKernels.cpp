// cpu-expand-kernels: hybrid ops on buffers become loops over vectors.
#include "passes/cpu/kernels/Kernels.h"
#include "passes/cpu/kernels/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_EXPANDKERNELSPASS
#include "passes/cpu/kernels/Passes.h.inc"

namespace {

using Emit = void (*)(Emitter &, Operation *);

template <class Op, void (*emit)(Emitter &, Op)> struct Kernel {
  static std::pair<StringRef, Emit> entry() {
    return {Op::getOperationName(), [](Emitter &emitter, Operation *op) {
              emit(emitter, cast<Op>(op));
            }};
  }
};

/// What builds the code of each op that has a kernel, by name.
ArrayRef<std::pair<StringRef, Emit>> kernels() {
  using namespace hybrid;
  static const std::pair<StringRef, Emit> table[] = {
      Kernel<AttentionOp, emitAttention>::entry(),
      Kernel<CausalConv1dOp, emitCausalConv1d>::entry(),
      Kernel<IndexedMatmulOp, emitIndexedMatmul>::entry(),
      Kernel<KvCacheUpdateOp, emitKvCacheUpdate>::entry(),
      Kernel<PackedMatmulOp, emitPackedMatmul>::entry(),
      Kernel<QuantizedMatmulOp, emitQuantizedMatmul>::entry(),
      Kernel<RmsNormOp, emitRmsNorm>::entry(),
      Kernel<RotaryEmbeddingOp, emitRotaryEmbedding>::entry(),
      Kernel<SsdScanOp, emitSsdScan>::entry(),
      Kernel<StateUpdateOp, emitStateUpdate>::entry(),
  };
  return table;
}

Emit findKernel(Operation *op) {
  for (auto [name, emit] : kernels())
    if (op->getName().getStringRef() == name)
      return emit;
  return nullptr;
}

/// Kernels keep some rows in registers or on the stack, so their lengths must
/// be known, and not too large for the stack.
bool fitsKernel(Operation *op) {
  auto isKnown = [](Value value, int64_t dimension) {
    return !cast<ShapedType>(value.getType()).isDynamicDim(dimension);
  };
  if (auto product = dyn_cast<hybrid::QuantizedMatmulOp>(op)) {
    auto codes = cast<ShapedType>(product.getCodes().getType());
    auto lhs = cast<ShapedType>(product.getLhs().getType());
    if (ShapedType::isDynamic(lhs.getShape().back()) ||
        !isKnown(product.getCodes(), 1) || !isKnown(product.getCodes(), 2))
      return false;
    int64_t depth = codes.getDimSize(1) * codes.getDimSize(2) * 8 /
                    static_cast<int64_t>(product.getBits());
    return depth > 0 && depth <= TargetInfo::longestCodeRow;
  }
  if (auto conv = dyn_cast<hybrid::CausalConv1dOp>(op))
    return isKnown(conv.getWeight(), 1);
  if (auto attention = dyn_cast<hybrid::AttentionOp>(op))
    return isKnown(attention.getValue(), 3);
  return true;
}

struct ExpandKernels : impl::ExpandKernelsPassBase<ExpandKernels> {
  using ExpandKernelsPassBase::ExpandKernelsPassBase;

  void runOnOperation() override {
    if (!llvm::is_contained<int64_t>({128, 256, 512}, vectorBits)) {
      getOperation().emitError("vector-bits must be 128, 256 or 512, not ")
          << vectorBits.getValue();
      return signalPassFailure();
    }
    TargetInfo target = TargetInfo::get(vectorBits, vectorRegisters, dotBf16);
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
    Emit emit = findKernel(op);
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
    if (!fitsKernel(op)) {
      op->emitOpError("has no kernel for rows, a convolution, or a head of "
                      "unknown width");
      return WalkResult::interrupt();
    }
    emit(emitter, op);
    op->erase();
    return WalkResult::skip();
  }
};
} // namespace

bool hasKernel(Operation *op) { return findKernel(op) && fitsKernel(op); }
} // namespace jarana::cpu
