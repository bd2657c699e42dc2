// jarana-opt: runs passes on a module; what the lit tests drive.
#include "dialects/hybrid/HybridDialect.h"
#ifdef JARANA_HAS_ONNX
#include "dialects/onnx/OnnxDialect.h"
#endif
#include "lib/verify/Passes.h"
#include "lib/verify/VerifyPasses.h"
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
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

namespace {

const llvm::cl::opt<bool> verifyPasses(
    "verify-passes",
    llvm::cl::desc("Check that every pass on functions of tensors keeps what "
                   "they compute, exactly, on small inputs"),
    llvm::cl::init(false));

/// MlirOptMain with an instrumentation of the pass manager.
mlir::LogicalResult runVerified(llvm::StringRef input, llvm::StringRef output,
                                mlir::DialectRegistry &registry) {
  std::string message;
  auto buffer = mlir::openInputFile(input, &message);
  auto file = buffer ? mlir::openOutputFile(output, &message) : nullptr;
  if (!file) {
    llvm::errs() << message << "\n";
    return mlir::failure();
  }
  jarana::verify::VerifyLog log;
  auto options = mlir::MlirOptMainConfig::createFromCLOptions(),
       config = options;
  config.setPassPipelineSetupFn([&](mlir::PassManager &manager) {
    jarana::verify::verifyPasses(manager, log);
    return options.setupPassPipeline(manager);
  });
  auto result =
      mlir::MlirOptMain(file->os(), std::move(buffer), registry, config);
  // What is said comes after the module where both go to one place.
  file->os().flush();
  for (const std::string &declined : log.declined)
    llvm::errs() << "remark: --verify-passes: not checked: " << declined
                 << "\n";
  llvm::errs() << "remark: --verify-passes: " << log.checks
               << " evaluations agree\n";
  if (failed(result) || !log.wrongPass.empty())
    return mlir::failure();
  file->keep();
  return mlir::success();
}
} // namespace

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
  jarana::verify::registerVerifyPasses();
  auto [input, output] = mlir::registerAndParseCLIOptions(
      argc, argv, "Jarana's pass driver\n", registry);
  return mlir::asMainReturnCode(
      verifyPasses ? runVerified(input, output, registry)
                   : mlir::MlirOptMain(argc, argv, input, output, registry));
}
