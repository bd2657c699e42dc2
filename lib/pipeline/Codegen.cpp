#include "lib/pipeline/Codegen.h"
#include "jarana/error.h"
#include "lib/pipeline/Callable.h"
#include "lib/pipeline/StackNeed.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"

using namespace mlir;

namespace jarana::pipeline {
namespace {

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager calls;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  tuning.SLPVectorization = true;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(calls);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, calls, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2)
      .run(module, modules);
}

} // namespace

FailureOr<GeneratedCode> generateObject(ModuleOp module, CpuTarget &target) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code =
      translateModuleToLLVMIR(module, context, "jarana");
  if (!code)
    return module.emitError("cannot be translated to LLVM IR");
  code->setTargetTriple(llvm::Triple(target.triple));
  code->setDataLayout(target.machine->createDataLayout());
  optimize(*code, *target.machine);

  target.machine->Options.EmitStackSizeSection = true;
  llvm::SmallString<0> object;
  llvm::raw_svector_ostream stream(object);
  llvm::legacy::PassManager passes;
  if (target.machine->addPassesToEmitFile(passes, stream, nullptr,
                                          llvm::CodeGenFileType::ObjectFile))
    return module.emitError("the target ")
           << target.triple << " makes no object files";
  passes.run(*code);
  if (failed(checkCalls(module, object, target)))
    return failure();
  GeneratedCode result{object.str().str()};
  try {
    result.stackBytes = stackNeed(*code, object);
  } catch (const Error &error) {
    return emitError(module.getLoc()) << error.what();
  }
  return result;
}

} // namespace jarana::pipeline
