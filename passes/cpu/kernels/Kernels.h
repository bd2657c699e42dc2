// The code of each hybrid op on buffers. The functions build at the emitter's
// insertion point and leave the op alone.
#pragma once

#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/kernels/Emitter.h"

namespace jarana::cpu {

void emitPackedMatmul(Emitter &e, mlir::hybrid::PackedMatmulOp op);
void emitSsdScan(Emitter &e, mlir::hybrid::SsdScanOp op);
void emitStateUpdate(Emitter &e, mlir::hybrid::StateUpdateOp op);

} // namespace jarana::cpu
