#include "Jit.h"

#include "dialects/hybrid/HybridDialect.h"
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"
#include "passes/cpu/kernels/Passes.h"
#include "runtime/Team.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/ExecutionEngine/ExecutionEngine.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <cstdlib>
#include <stdexcept>

using namespace mlir;

namespace jarana::test {

Buffer::Buffer(void *data, const std::vector<int64_t> &shape) {
  auto address = reinterpret_cast<int64_t>(data);
  descriptor = {address, address, 0};
  descriptor.insert(descriptor.end(), shape.begin(), shape.end());
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  descriptor.insert(descriptor.end(), strides.begin(), strides.end());
}

/// Gives the scratch memory that each thread needs.
static uint64_t lower(ModuleOp module, int64_t vectorBits,
                      Jit::Options wanted) {
  PassManager pm(module.getContext());
  cpu::ExpandKernelsPassOptions options;
  options.vectorBits = vectorBits;
  options.dotBf16 = wanted.dotBf16;
  pm.addPass(cpu::createExpandKernelsPass(options));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(cpu::createExpandMathPass());
  pm.addNestedPass<func::FuncOp>(cpu::createExpandHalfConversionsPass(
      {/*f16=*/wanted.expandF16 || !hostConvertsF16()}));
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  pm.addNestedPass<func::FuncOp>(arith::createArithExpandOpsPass(expand));
  pm.addNestedPass<func::FuncOp>(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(cpu::createHalvesAsIntegersPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(cpu::createLowerParallelPass());
  if (failed(pm.run(module)))
    throw std::runtime_error("lowering failed");
  auto bytes = module->getAttrOfType<IntegerAttr>(cpu::scratchAttr);
  module->removeAttr(cpu::scratchAttr);
  return bytes ? bytes.getInt() : 0;
}

Jit::Jit(const std::string &text, int64_t vectorBits, Options options) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
  hybrid::registerHybridExtensions(registry);
  context = std::make_unique<MLIRContext>(registry);
  auto module = parseSourceString<ModuleOp>(text, context.get());
  if (!module)
    throw std::runtime_error("parsing failed");
  runtime::Team::Options teamOptions;
  teamOptions.threads = 4; // however many processors there are
  teamOptions.scratchBytes = lower(*module, vectorBits, options);
  team = std::make_unique<runtime::Team>(teamOptions);

  auto builder = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!builder)
    throw std::runtime_error("no target machine");
  builder->setCodeGenOptLevel(llvm::CodeGenOptLevel::Aggressive);
  auto machine = builder->createTargetMachine();
  if (!machine)
    throw std::runtime_error("no target machine");
  auto transformer = makeOptimizingTransformer(3, 0, machine->get());
  ExecutionEngineOptions engineOptions;
  engineOptions.transformer = transformer;
  engineOptions.jitCodeGenOptLevel = llvm::CodeGenOptLevel::Aggressive;
  auto created =
      ExecutionEngine::create(*module, engineOptions, std::move(*machine));
  if (!created)
    throw std::runtime_error(llvm::toString(created.takeError()));
  engine = std::move(*created);
  auto symbol = engine->lookupPacked("_mlir_ciface_f");
  if (!symbol)
    throw std::runtime_error(llvm::toString(symbol.takeError()));
  function = reinterpret_cast<void *>(*symbol);
}

Jit::~Jit() = default;

void Jit::operator()(std::vector<Buffer> buffers) const {
  // The packed interface takes the address of each argument.
  std::vector<void *> descriptors, arguments;
  for (Buffer &buffer : buffers)
    descriptors.push_back(buffer.descriptor.data());
  descriptors.push_back(team->context());
  for (void *&descriptor : descriptors)
    arguments.push_back(&descriptor);
  reinterpret_cast<void (*)(void **)>(function)(arguments.data());
}

bool hostConvertsF16() {
  auto features = llvm::sys::getHostCPUFeatures();
  return !llvm::Triple(llvm::sys::getProcessTriple()).isX86() ||
         features.lookup("f16c");
}

bool hostHasDotBf16() {
  return llvm::sys::getHostCPUFeatures().lookup("avx512bf16");
}

int64_t testVectorBits() {
  if (const char *bits = std::getenv("JARANA_TEST_VECTOR_BITS"))
    return std::atoll(bits);
  auto features = llvm::sys::getHostCPUFeatures();
  if (features.lookup("avx512f"))
    return 512;
  return features.lookup("avx2") ? 256 : 128;
}

} // namespace jarana::test
