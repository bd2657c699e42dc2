// jarana-lsp-server: completion, hover and diagnostics for .mlir files in an
// editor.
#include "dialects/hybrid/HybridDialect.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::hybrid::registerHybridExtensions(registry);
  return mlir::failed(mlir::MlirLspServerMain(argc, argv, registry));
}
