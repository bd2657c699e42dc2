// The base of all compute ops: destination style, effects, tiling.
#ifndef JARANA_HYBRID_COMPUTE_OP_BASE_TD
#define JARANA_HYBRID_COMPUTE_OP_BASE_TD

include "dialects/hybrid/HybridAttributes.td"
include "dialects/hybrid/HybridInterfaces.td"
include "mlir/Dialect/Linalg/IR/LinalgInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/TilingInterface.td"

def Hybrid_Shaped : AnyTypeOf<[AnyRankedTensor, AnyMemRef], "ranked tensor or memref">;

/// `inits` operands at the end are written; `readsInit` is a C++ condition on
/// `init`, the number of one of them. `overrides` are the methods of
/// ComputeOpInterface whose default does not fit the op.
class Hybrid_ComputeOp<string mnemonic, int inits, string readsInit,
                       list<Trait> traits = [], list<string> overrides = []>
    : Op<Hybrid_Dialect, mnemonic, traits # [
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<AggregatedOpInterface, ["decomposeOperation"]>,
        DeclareOpInterfaceMethods<Hybrid_ComputeOpInterface, overrides>,
        DeclareOpInterfaceMethods<ConditionallySpeculatable>,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>,
        DeclareOpInterfaceMethods<TilingInterface, [
          "getLoopIteratorTypes", "getIterationDomain", "getTiledImplementation",
          "getResultTilePosition", "generateResultTileValue",
          "getTiledImplementationFromOperandTiles",
          "getIterationDomainTileFromOperandTiles",
          "getIterationDomainTileFromResultTile",
          "isOpFusableWithConsumerSlice", "isOpFusableWithProducerSlices"]>]> {
  let results = (outs Variadic<AnyRankedTensor>:$resultTensors);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() {
      return {getOperation(), getOperation()->getNumOperands() - }] # inits # [{, }] # inits # [{};
    }
  }];
  let extraClassDefinition = [{
    bool $cppClass::readsInit(unsigned init) { return }] # readsInit # [{; }
    void $cppClass::getEffects(
        ::llvm::SmallVectorImpl<::mlir::MemoryEffects::EffectInstance> &effects) {
      detail::getEffects(*this, effects);
    }
    ::mlir::Speculation::Speculatability $cppClass::getSpeculatability() {
      return detail::getSpeculatability(*this);
    }
    ::llvm::LogicalResult $cppClass::reifyResultShapes(
        ::mlir::OpBuilder &builder, ::mlir::ReifiedRankedShapedTypeDims &shapes) {
      return detail::reifyResultShapes(*this, builder, shapes);
    }
    ::llvm::SmallVector<::mlir::utils::IteratorType> $cppClass::getLoopIteratorTypes() {
      return detail::getLoopIteratorTypes(*this);
    }
    ::llvm::SmallVector<::mlir::Range> $cppClass::getIterationDomain(::mlir::OpBuilder &builder) {
      return detail::getIterationDomain(*this, builder);
    }
    ::llvm::FailureOr<::mlir::TilingResult> $cppClass::getTiledImplementation(
        ::mlir::OpBuilder &builder, detail::Folds offsets, detail::Folds sizes) {
      return detail::getTiledImplementation(*this, builder, offsets, sizes);
    }
    ::llvm::LogicalResult $cppClass::getResultTilePosition(
        ::mlir::OpBuilder &builder, unsigned result, detail::Folds offsets, detail::Folds sizes,
        detail::FoldVector &resultOffsets, detail::FoldVector &resultSizes) {
      return detail::getResultTilePosition(*this, builder, result, offsets, sizes,
                                           resultOffsets, resultSizes);
    }
    ::llvm::FailureOr<::mlir::TilingResult> $cppClass::generateResultTileValue(
        ::mlir::OpBuilder &builder, unsigned result, detail::Folds offsets, detail::Folds sizes) {
      return detail::generateResultTileValue(*this, builder, result, offsets, sizes);
    }
    ::llvm::FailureOr<::mlir::TilingResult> $cppClass::getTiledImplementationFromOperandTiles(
        ::mlir::OpBuilder &builder, ::llvm::ArrayRef<unsigned> operands,
        ::llvm::ArrayRef<detail::FoldVector> offsets, ::llvm::ArrayRef<detail::FoldVector> sizes) {
      return detail::getTiledImplementationFromOperandTiles(*this, builder, operands, offsets, sizes);
    }
    ::llvm::LogicalResult $cppClass::getIterationDomainTileFromOperandTiles(
        ::mlir::OpBuilder &builder, ::llvm::ArrayRef<unsigned> operands,
        ::llvm::ArrayRef<detail::FoldVector> offsets, ::llvm::ArrayRef<detail::FoldVector> sizes,
        ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainOffsets,
        ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainSizes) {
      return detail::getDomainTileFromOperandTiles(*this, builder, operands, offsets, sizes,
                                                   domainOffsets, domainSizes);
    }
    ::llvm::LogicalResult $cppClass::getIterationDomainTileFromResultTile(
        ::mlir::OpBuilder &builder, unsigned result, detail::Folds offsets, detail::Folds sizes,
        ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainOffsets,
        ::llvm::SmallVectorImpl<::mlir::OpFoldResult> &domainSizes) {
      return detail::getDomainTileFromResultTile(*this, builder, result, offsets, sizes,
                                                 domainOffsets, domainSizes);
    }
    bool $cppClass::isOpFusableWithConsumerSlice(unsigned result, detail::Folds offsets,
                                                 detail::Folds sizes) {
      return detail::isFusableWithConsumerSlice(*this, result, offsets, sizes);
    }
    bool $cppClass::isOpFusableWithProducerSlices(
        ::llvm::ArrayRef<unsigned> operands, ::llvm::ArrayRef<detail::FoldVector> offsets,
        ::llvm::ArrayRef<detail::FoldVector> sizes) {
      return detail::isFusableWithProducerSlices(*this, operands, offsets, sizes);
    }
  }];
}

#endif // JARANA_HYBRID_COMPUTE_OP_BASE_TD
