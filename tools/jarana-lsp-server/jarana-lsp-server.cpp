// jarana-lsp-server: completion, hover and diagnostics for .mlir files in an
// editor.
#ifdef JARANA_HAS_HYBRID
#include "dialects/hybrid/HybridDialect.h"
#endif

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
#ifdef JARANA_HAS_HYBRID
  mlir::hybrid::registerHybridExtensions(registry);
#endif
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
