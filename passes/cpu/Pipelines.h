// The phases from the hybrid form to the llvm form on CPUs, in order.
#pragma once

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"

namespace jarana::cpu {

struct PipelineOptions : mlir::PassPipelineOptions<PipelineOptions> {
  Option<int64_t> vectorBits{
      *this, "vector-bits",
      llvm::cl::desc("width of the target's vectors: 128, 256 or 512"),
      llvm::cl::init(256)};
  Option<int64_t> vectorRegisters{
      *this, "vector-registers",
      llvm::cl::desc("vector registers; 0: as x86-64 has of that width"),
      llvm::cl::init(0)};
  Option<bool> dotBf16{
      *this, "dot-bf16",
      llvm::cl::desc("products of bf16 with bf16 use AVX512_BF16"),
      llvm::cl::init(false)};
  Option<bool> convertsF16{
      *this, "converts-f16",
      llvm::cl::desc("the target has instructions between f16 and f32"),
      llvm::cl::init(true)};
  Option<bool> pack{*this, "pack",
                    llvm::cl::desc("pack weights of products into panels"),
                    llvm::cl::init(true)};
  Option<int64_t> minWork{
      *this, "min-work",
      llvm::cl::desc("innermost iterations that pay for waking the threads"),
      llvm::cl::init(16384)};
};

/// Tensors: packed weights, no op without a kernel, fused elementwise ops.
/// Afterwards the set of weights that the code reads is fixed.
void populateTensorPhase(mlir::OpPassManager &pm,
                         const PipelineOptions &options);
/// The ABI, buffers, the arena, kernels: gives the kernels form.
void populateKernelsPhase(mlir::OpPassManager &pm,
                          const PipelineOptions &options);
/// Loops, vectors, threads, LLVM: gives the llvm form.
void populateLlvmPhase(mlir::OpPassManager &pm, const PipelineOptions &options);

/// Registers the passes, each phase (`jarana-cpu-tensor-phase`, ...), and all
/// three as `jarana-cpu-pipeline`.
void registerCpuPassesAndPipelines();

} // namespace jarana::cpu
