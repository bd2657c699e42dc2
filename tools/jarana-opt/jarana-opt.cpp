// jarana-opt: runs passes on a module; what the lit tests drive.
#include "dialects/hybrid/HybridDialect.h"
#ifdef JARANA_HAS_ONNX
#include "dialects/onnx/OnnxDialect.h"
#endif
#include "passes/cpu/Pipelines.h"
#ifdef JARANA_HAS_RAISE
#include "passes/raise/Passes.h"
#endif
#ifdef JARANA_HAS_STATE
#include "passes/state/Passes.h"
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
  mlir::hybrid::registerHybridExtensions(registry);
#ifdef JARANA_HAS_ONNX
  registry.insert<mlir::onnx::OnnxDialect>();
#endif
  jarana::cpu::registerCpuPassesAndPipelines();
#ifdef JARANA_HAS_RAISE
  jarana::raise::registerRaisePasses();
#endif
#ifdef JARANA_HAS_STATE
  jarana::state::registerStatePasses();
#endif
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Jarana's pass driver\n", registry));
}
