// Everything that a user of the hybrid dialect includes.
#pragma once

#include "dialects/hybrid/ContextView.h"
#include "dialects/hybrid/HybridDialect.h"
#include "dialects/hybrid/Implementation.h"
#include "dialects/hybrid/Loops.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"

#include "dialects/hybrid/HybridEnums.h.inc"
#include "dialects/hybrid/HybridInterfaces.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/hybrid/HybridAttributes.h.inc"

#define GET_OP_CLASSES
#include "dialects/hybrid/HybridOps.h.inc"

namespace mlir::hybrid {

/// The step of a scan on tensors whose sequence dimension 1 has size 1 (a of
/// rank 2 has none): a `hybrid.state_update`. Gives y, with that dimension, and
/// the state.
SmallVector<Value> buildStateUpdate(OpBuilder &builder, Location loc, Value x,
                                    Value dt, Value a, Value b, Value c,
                                    Value y, Value state);

/// Writes `op`, on tensors, as a loop over the sequence that carries the state,
/// one `hybrid.state_update` per position. Gives the values of its results.
FailureOr<SmallVector<Value>> decomposeRecurrent(OpBuilder &builder,
                                                 SsdScanOp op);

/// Writes `op`, on tensors, in the dual form: matrix products over chunks of
/// `chunk` positions (> 0; the last chunk may be shorter), with a loop over the
/// chunks that carries the state. Differences of the logarithms of the decays
/// are taken before `exp`.
FailureOr<SmallVector<Value>> decomposeChunked(OpBuilder &builder, SsdScanOp op,
                                               int64_t chunk);

} // namespace mlir::hybrid
