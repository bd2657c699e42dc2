// Bufferization of the compute ops: an init becomes the buffer that is written,
// so states and caches are updated in place.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::hybrid;
using namespace mlir::bufferization;

namespace {

template <class Op>
struct ComputeModel
    : DstBufferizableOpInterfaceExternalModel<ComputeModel<Op>, Op> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    auto destination = cast<DestinationStyleOpInterface>(op);
    if (!destination.isDpsInit(&operand))
      return true;
    unsigned init = operand.getOperandNumber() -
                    destination.getDpsInits().getBeginOperandIndex();
    return cast<ComputeOpInterface>(op).readsInit(init);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        buffers.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    unsigned inits = cast<DestinationStyleOpInterface>(op).getNumDpsInits();
    cloneOnOperands(rewriter, op, buffers);
    replaceOpWithBufferizedValues(rewriter, op,
                                  ArrayRef(buffers).take_back(inits));
    return success();
  }
};

template <class... Ops> void attach(MLIRContext *context) {
  (Ops::template attachInterface<ComputeModel<Ops>>(*context), ...);
}

} // namespace

void hybrid::detail::registerBufferization(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, HybridDialect *) {
    attach<SsdScanOp, StateUpdateOp, CausalConv1dOp, AttentionOp,
           OnlineAttentionOp, KvCacheUpdateOp, RotaryEmbeddingOp, RmsNormOp,
           QuantizedMatmulOp, PackedMatmulOp, IndexedMatmulOp>(context);
  });
}
