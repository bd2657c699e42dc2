// The dialect, its attributes, and the registration of both.
#include "dialects/hybrid/Repack.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/hybrid/HybridDialect.cpp.inc"
#include "dialects/hybrid/HybridEnums.cpp.inc"
#include "dialects/hybrid/HybridInterfaces.cpp.inc"

using namespace mlir;
using namespace mlir::hybrid;

static ParseResult parseTiles(AsmParser &parser, SmallVector<int64_t> &tiles) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseInteger(tiles.emplace_back());
  });
}

static void printTiles(AsmPrinter &printer, ArrayRef<int64_t> tiles) {
  printer << "[";
  llvm::interleaveComma(tiles, printer);
  printer << "]";
}

#define GET_ATTRDEF_CLASSES
#include "dialects/hybrid/HybridAttributes.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/hybrid/HybridOps.cpp.inc"

void HybridDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/hybrid/HybridAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/hybrid/HybridOps.cpp.inc"
      >();
}

void hybrid::registerHybridExtensions(DialectRegistry &registry) {
  registry.insert<HybridDialect>();
  detail::registerBufferization(registry);
}

LogicalResult
FileRangeAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                      StringRef file, int64_t offset, int64_t bytes) {
  int64_t end;
  if (offset < 0 || bytes < 0 ||
      __builtin_add_overflow(offset, bytes, &end)) // file_range_c1
    return emitError() << "file range: offset " << offset << " and " << bytes
                       << " bytes must not be negative or overflow";
  if (file.empty()) // file_range_c2
    return emitError() << "file range: the file must have a name";
  return success();
}

LogicalResult RepackedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   FileRangeAttr range, RankedTensorType stored,
                                   Repacking, int64_t block) {
  if (block <= 0) // repacked_c1
    return emitError() << "repacked weight: the block must be positive, got "
                       << block;
  std::optional<int64_t> bytes;
  if (stored.hasStaticShape() && stored.getElementType().isIntOrFloat())
    bytes = bytesInFile(stored);
  if (!bytes || *bytes != range.getBytes()) // repacked_c2
    return emitError() << "repacked weight: the range must have the bytes of "
                       << stored << ", got " << range.getBytes();
  return success();
}

LogicalResult DerivedAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  FlatSymbolRefAttr, Packing, int64_t nr) {
  if (nr <= 0) // derived_c1
    return emitError()
           << "derived weight: the panel width must be positive, got " << nr;
  return success();
}

LogicalResult StrategyAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ScanView view, int64_t chunk,
                                   ArrayRef<int64_t> tiles) {
  if (chunk < 0 || (chunk && view != ScanView::Chunked)) // strategy_c1
    return emitError() << "strategy: a chunk is positive and belongs to the "
                          "chunked view, got "
                       << chunk << " for " << stringifyScanView(view);
  for (auto [index, tile] : llvm::enumerate(tiles))
    if (tile < 0) // strategy_c2
      return emitError() << "strategy: tile size " << index
                         << " must not be negative, got " << tile;
  return success();
}
