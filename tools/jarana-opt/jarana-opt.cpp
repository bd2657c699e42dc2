// jarana-opt: runs passes on a module; what the lit tests drive.
#include "dialects/hybrid/HybridDialect.h"
#include "passes/cpu/Pipelines.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  mlir::hybrid::registerHybridExtensions(registry);
  jarana::cpu::registerCpuPassesAndPipelines();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Jarana's pass driver\n", registry));
}
