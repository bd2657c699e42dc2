// The pass that gives hybrid ops their CPU code.
#ifndef JARANA_PASSES_CPU_KERNELS_TD
#define JARANA_PASSES_CPU_KERNELS_TD

include "mlir/Pass/PassBase.td"

def ExpandKernelsPass : Pass<"cpu-expand-kernels", "::mlir::ModuleOp"> {
  let summary = "hybrid ops on buffers become loops over vectors";
  let description = [{
    Each hybrid compute op on memrefs whose innermost dimension is contiguous
    becomes at most one `omp.parallel` region, in which each thread takes its
    share of the work, made of `scf` loops and ops of the `vector` dialect in
    the width of the target. Small amounts of work stay on one thread (the
    region's `if` clause). Vectors never go beyond a buffer: rests are masked.

    Nothing is allocated but buffers (`memref.alloca`), up to about 300 KiB per
    thread: `cpu-lower-parallel` gives large ones another place. `math.exp`
    and `math.tanh` on vectors are left for `cpu-expand-math`.

    Ops on tensors, and those that have no kernel (`hybrid.online_attention`),
    are left alone; a buffer that is not contiguous along its last dimension is
    an error.

    ```mlir
    func.func @main(%x: memref<?x64xf32>, %w: memref<10x64x8xf32>, %y: memref<?x80xf32>) {
      hybrid.packed_matmul ins(%x, %w : memref<?x64xf32>, memref<10x64x8xf32>) outs(%y : memref<?x80xf32>)
      return
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: memref<?x64xf32>, %w: memref<10x64x8xf32>, %y: memref<?x80xf32>) {
      ...
      omp.parallel if(%worth) {
        %part = func.call @omp_get_thread_num() : () -> i32
        ...
        scf.for %panel = %first to %last step %one {
          ...
          %row = vector.load %w[%panel, %k, %zero] : memref<10x64x8xf32>, vector<4xf32>
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "128",
           "width of a vector register: 128, 256 or 512">,
    Option<"vectorRegisters", "vector-registers", "int64_t", "0",
           "vector registers; 0: as x86-64 has of that width">,
    Option<"dotBf16", "dot-bf16", "bool", "false",
           "products of bf16 with bf16 use AVX512_BF16 (512 bits only)">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
    "::mlir::omp::OpenMPDialect", "::mlir::scf::SCFDialect",
    "::mlir::vector::VectorDialect"];
}

#endif // JARANA_PASSES_CPU_KERNELS_TD
