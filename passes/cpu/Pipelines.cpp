#include "passes/cpu/Pipelines.h"
#include "passes/cpu/Passes.h"
#include "passes/cpu/kernels/Passes.h"
#include "passes/cpu/kernels/TargetInfo.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace jarana::cpu {

void populateTensorPhase(OpPassManager &pm, const PipelineOptions &options) {
  // Transposes of weights must still stand beside their products.
  TargetInfo target =
      TargetInfo::get(options.vectorBits, options.vectorRegisters);
  pm.addPass(createPackWeightsPass({options.pack ? target.panelWidth() : 0}));
  auto &function = pm.nest<func::FuncOp>();
  function.addPass(createDecomposePass());
  function.addPass(createCanonicalizerPass());
  function.addPass(
      createCSEPass()); // equal maskings and shape computations, once per model
  function.addPass(createFuseElementwisePass());
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
  function.addPass(createRoundSiluOncePass());
}

void populateKernelsPhase(OpPassManager &pm, const PipelineOptions &options) {
  pm.nest<func::FuncOp>().addPass(createStabilizeLoopsPass());
  // Dimensions of intermediate tensors must be index arithmetic on those of the
  // inputs before buffers exist, as sizes of the arena are computed at the
  // start.
  pm.nest<func::FuncOp>().addPass(createResolveDimsPass());
  pm.nest<func::FuncOp>().addPass(createCanonicalizerPass());
  pm.addPass(createEntryPointsPass());
  pm.addPass(createCSEPass());
  // After the outputs are destinations, so that results are computed in them.
  pm.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = false;
  bufferize.allowReturnAllocsFromLoops = true;
  pm.addPass(bufferization::createOneShotBufferizePass(bufferize));
  // Bufferization does not see that a result is computed in the buffer of
  // another output.
  pm.nest<func::FuncOp>().addPass(createOrderOutputsPass());
  auto &function = pm.nest<func::FuncOp>();
  function.addPass(createResolveDimsPass());
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
  function.addPass(bufferization::createBufferHoistingPass());
  function.addPass(bufferization::createBufferLoopHoistingPass());
  // Copies that kernels need are buffers like any other.
  pm.nest<func::FuncOp>().addPass(createMakeContiguousPass());
  pm.addPass(createPlanArenaPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.nest<func::FuncOp>().addPass(createCheckPlanPass());
  // Only now do operands look the same in each layer: views of the arena and of
  // the weights.
  pm.addPass(createOutlineKernelsPass());
}

void populateLlvmPhase(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(createExpandKernelsPass(
      {options.vectorBits, options.vectorRegisters, options.dotBf16}));
  auto &function = pm.nest<func::FuncOp>();
  function.addPass(createLinalgToLoopsPass());
  function.addPass(createCanonicalizerPass());
  function.addPass(createCSEPass());
  // From here on nothing divides by what is not a constant.
  function.addPass(createGuardArithmeticPass());
  // On f32 before and after: LLVM has no bf16 arithmetic on most targets, and
  // calls a library for conversions that the target does not have. bf16 is
  // rounded by integer operations everywhere: AVX512_BF16's instruction takes
  // subnormal numbers as zero.
  pm.addPass(createExpandMathPass());
  auto &lower = pm.nest<func::FuncOp>();
  arith::ArithEmulateUnsupportedFloatsOptions emulate;
  emulate.sourceTypeStrs = {"bf16", "f16"};
  emulate.targetTypeStr = "f32";
  lower.addPass(arith::createArithEmulateUnsupportedFloats(emulate));
  lower.addPass(
      createExpandHalfConversionsPass({/*f16=*/!options.convertsF16}));
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  lower.addPass(arith::createArithExpandOpsPass(expand));
  lower.addPass(createConvertVectorToSCFPass());
  // Views of views become pointer arithmetic before the loops lose their
  // bounds.
  lower.addPass(createLowerExpandShapesPass());
  lower.addPass(memref::createExpandStridedMetadataPass());
  lower.addPass(createLowerAffinePass());
  lower.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createConvertSCFToOpenMPPass());
  pm.nest<func::FuncOp>().addPass(createHoistStackBuffersPass());
  // Needs the loops inside parallel regions, for an estimate of their work.
  pm.nest<func::FuncOp>().addPass(createLimitThreadsPass({options.minWork}));
  pm.addPass(createShareLoopsPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.nest<func::FuncOp>().addPass(createLowerChecksPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createConvertToLLVMPass());
  pm.addPass(createConvertOpenMPToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createHalvesAsIntegersPass());
  // Descriptors fall apart, so that a region takes only what it uses of them.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createLowerParallelPass());
  pm.addPass(createCInterfacePass());
}

void registerCpuPassesAndPipelines() {
  registerCpuPasses();
  registerCpuKernelsPasses();
  PassPipelineRegistration<PipelineOptions>(
      "jarana-cpu-tensor-phase",
      "hybrid form: packed weights, decomposed, fused",
      [](OpPassManager &pm, const PipelineOptions &o) {
        populateTensorPhase(pm, o);
      });
  PassPipelineRegistration<PipelineOptions>(
      "jarana-cpu-kernels-phase", "after the tensor phase: to the kernels form",
      [](OpPassManager &pm, const PipelineOptions &o) {
        populateKernelsPhase(pm, o);
      });
  PassPipelineRegistration<PipelineOptions>(
      "jarana-cpu-llvm-phase", "from the kernels form to the llvm form",
      [](OpPassManager &pm, const PipelineOptions &o) {
        populateLlvmPhase(pm, o);
      });
  PassPipelineRegistration<PipelineOptions>(
      "jarana-cpu-pipeline", "from the hybrid form to the llvm form",
      [](OpPassManager &pm, const PipelineOptions &o) {
        populateTensorPhase(pm, o);
        populateKernelsPhase(pm, o);
        populateLlvmPhase(pm, o);
      });
}

} // namespace jarana::cpu
