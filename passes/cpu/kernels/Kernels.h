// The code of each hybrid op on buffers. The functions build at the emitter's
// insertion point and leave the op alone.
#pragma once

#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/kernels/Emitter.h"

namespace jarana::cpu {

void emitAttention(Emitter &e, mlir::hybrid::AttentionOp op);
void emitCausalConv1d(Emitter &e, mlir::hybrid::CausalConv1dOp op);
void emitIndexedMatmul(Emitter &e, mlir::hybrid::IndexedMatmulOp op);
void emitKvCacheUpdate(Emitter &e, mlir::hybrid::KvCacheUpdateOp op);
void emitPackedMatmul(Emitter &e, mlir::hybrid::PackedMatmulOp op);
void emitQuantizedMatmul(Emitter &e, mlir::hybrid::QuantizedMatmulOp op);
void emitRmsNorm(Emitter &e, mlir::hybrid::RmsNormOp op);
void emitRotaryEmbedding(Emitter &e, mlir::hybrid::RotaryEmbeddingOp op);
void emitSsdScan(Emitter &e, mlir::hybrid::SsdScanOp op);
void emitStateUpdate(Emitter &e, mlir::hybrid::StateUpdateOp op);

/// A position as an index: `positions` is an i64 buffer of rank 0, or of rank 1
/// with one for each batch.
mlir::Value loadPosition(Emitter &e, mlir::Value positions, mlir::Value batch);
/// `index`, or 0 where that dimension of the buffer has size 1.
mlir::Value broadcastIndex(Emitter &e, mlir::Value memref, int64_t dimension,
                           mlir::Value index);

} // namespace jarana::cpu
