// jarana-opt: runs passes on a module; what the lit tests drive.
#ifdef JARANA_HAS_HYBRID
#include "dialects/hybrid/HybridDialect.h"
#endif

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
#ifdef JARANA_HAS_HYBRID
  mlir::hybrid::registerHybridExtensions(registry);
#endif
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Jarana's pass driver\n", registry));
}
