// What the generated code of all compute ops calls: one implementation of each
// interface for all of them, from the names of the dimensions.
#pragma once

#include "dialects/hybrid/Loops.h"

#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/TilingInterface.h"

namespace mlir::hybrid::detail {

using Folds = ArrayRef<OpFoldResult>;
using FoldVector = SmallVector<OpFoldResult>;

/// The types of those inits that are tensors: the results of a compute op.
SmallVector<Type> tensorTypes(ArrayRef<Value> inits);

/// On buffers inputs are read and inits written, and read where the op says so.
void getEffects(ComputeOpInterface op,
                SmallVectorImpl<MemoryEffects::EffectInstance> &effects);
Speculation::Speculatability getSpeculatability(ComputeOpInterface op);
LogicalResult reifyResultShapes(ComputeOpInterface op, OpBuilder &builder,
                                ReifiedRankedShapedTypeDims &shapes);

SmallVector<utils::IteratorType> getLoopIteratorTypes(ComputeOpInterface op);
SmallVector<Range> getIterationDomain(ComputeOpInterface op,
                                      OpBuilder &builder);
FailureOr<TilingResult> getTiledImplementation(ComputeOpInterface op,
                                               OpBuilder &builder,
                                               Folds offsets, Folds sizes);
LogicalResult getResultTilePosition(ComputeOpInterface op, OpBuilder &builder,
                                    unsigned result, Folds offsets, Folds sizes,
                                    FoldVector &resultOffsets,
                                    FoldVector &resultSizes);

/// A tile of a result or of operands determines a tile of the loops where it
/// does not cut what a loop carries: a carried loop must be taken whole.
FailureOr<TilingResult> generateResultTileValue(ComputeOpInterface op,
                                                OpBuilder &builder,
                                                unsigned result, Folds offsets,
                                                Folds sizes);
LogicalResult
getDomainTileFromResultTile(ComputeOpInterface op, OpBuilder &builder,
                            unsigned result, Folds offsets, Folds sizes,
                            SmallVectorImpl<OpFoldResult> &domainOffsets,
                            SmallVectorImpl<OpFoldResult> &domainSizes);
FailureOr<TilingResult> getTiledImplementationFromOperandTiles(
    ComputeOpInterface op, OpBuilder &builder, ArrayRef<unsigned> operands,
    ArrayRef<FoldVector> offsets, ArrayRef<FoldVector> sizes);
LogicalResult getDomainTileFromOperandTiles(
    ComputeOpInterface op, OpBuilder &builder, ArrayRef<unsigned> operands,
    ArrayRef<FoldVector> offsets, ArrayRef<FoldVector> sizes,
    SmallVectorImpl<OpFoldResult> &domainOffsets,
    SmallVectorImpl<OpFoldResult> &domainSizes);
bool isFusableWithConsumerSlice(ComputeOpInterface op, unsigned result,
                                Folds offsets, Folds sizes);
bool isFusableWithProducerSlices(ComputeOpInterface op,
                                 ArrayRef<unsigned> operands,
                                 ArrayRef<FoldVector> offsets,
                                 ArrayRef<FoldVector> sizes);

void registerBufferization(DialectRegistry &registry);

} // namespace mlir::hybrid::detail
