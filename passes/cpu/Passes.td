// The passes from the hybrid form to the llvm form on CPUs. The examples are
// the lit tests of test/lit/passes/cpu.
#ifndef JARANA_PASSES_CPU_TD
#define JARANA_PASSES_CPU_TD

include "mlir/Pass/PassBase.td"

def PackWeightsPass : Pass<"cpu-pack-weights", "::mlir::ModuleOp"> {
  let summary = "products with weights read panels packed at compile time";
  let description = [{
    A product whose right side is a weight, or the transpose of one, reads the
    weight as panels of `nr` columns. The panels are a weight derived from the
    original one, which the bundle writer makes; a weight that nobody else
    loads is then not stored at all.

    ```mlir
    %w = hybrid.load_weight @w : tensor<64x40xf32>
    %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x40xf32>) outs(%init : tensor<?x40xf32>) -> tensor<?x40xf32>
    ```
    becomes
    ```mlir
    hybrid.weight @w.panels16 : tensor<3x64x16xf32> = #hybrid.derived<@w, panels, 16>
    ...
    %w = hybrid.load_weight @w.panels16 : tensor<3x64x16xf32>
    %y = hybrid.packed_matmul ins(%x, %w : tensor<?x64xf32>, tensor<3x64x16xf32>) outs(%e : tensor<?x40xf32>) -> tensor<?x40xf32>
    ```
  }];
  let options = [Option<"nr", "nr", "int64_t", "16",
                        "columns per panel: two vectors of the target (0: pack nothing)">];
  let dependentDialects = ["::mlir::hybrid::HybridDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def DecomposePass : Pass<"cpu-decompose", "::mlir::func::FuncOp"> {
  let summary = "ops that have no kernel become linalg";
  let description = [{
    Decomposes ops through `linalg::AggregatedOpInterface`, all but those that `cpu-expand-kernels`
    has code for, and concatenations into copies of slices.

    ```mlir
    %0 = tensor.concat dim(1) %a, %b : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
    ```
    becomes
    ```mlir
    %1 = tensor.insert_slice %a into %empty[0, 0] [2, %n] [1, 1] : tensor<2x?xf32> into tensor<2x?xf32>
    %0 = tensor.insert_slice %b into %1[0, %n] [2, %m] [1, 1] : tensor<2x?xf32> into tensor<2x?xf32>
    ```
  }];
  let options = [Option<"all", "all", "bool", "false", "also those that have a kernel">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
}

def FuseElementwisePass : Pass<"cpu-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "elementwise ops join the op that uses them";
  let description = [{
    linalg's elementwise fusion, where it repeats no work: a producer joins its
    only user if it computes as many points as the user does. A user that
    visits an element of the producer several times (a product, a broadcast)
    takes only producers of a single cheap op.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::affine::AffineDialect"];
}

def RoundSiluOncePass : Pass<"cpu-round-silu-once", "::mlir::func::FuncOp"> {
  let summary = "silu of f16 and bf16 rounds once";
  let description = [{
    Exporters write silu as `x * sigmoid(x)`, but what they export computes it in f32 and rounds once.
    Where both were fused, the rounding of the sigmoid goes.

    ```mlir
    %s = arith.divf %one, %d : f32 // 1 / (1 + exp(-x))
    %t = arith.truncf %s : f32 to bf16
    %u = arith.extf %t : bf16 to f32
    %y = arith.mulf %x, %u : f32
    ```
    becomes
    ```mlir
    %y = arith.mulf %x, %s : f32
    ```
  }];
}

def StabilizeLoopsPass : Pass<"cpu-stabilize-loops", "::mlir::func::FuncOp"> {
  let summary = "loops hand on their tensors in place";
  let description = [{
    A loop that yields a tensor other than the one it was given (updated) would
    need a new buffer in each iteration. The value is copied into the carried
    tensor at the end of the body instead.

    ```mlir
    %r = scf.for ... iter_args(%a = %init) -> (tensor<4xf32>) { %n = linalg.add ...; scf.yield %n }
    ```
    becomes
    ```mlir
    %r = scf.for ... iter_args(%a = %init) -> (tensor<4xf32>) { %n = linalg.add ...; %c = linalg.copy ins(%n) outs(%a); scf.yield %c }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def ResolveDimsPass : Pass<"cpu-resolve-dims", "::mlir::func::FuncOp"> {
  let summary = "dimensions of results become those of operands";
  let description = [{
    Like `resolve-ranked-shaped-type-result-dims`, and through loops too: what a loop carries keeps
    its shape (`cpu-stabilize-loops`), so its dimensions are those that it started with.

    ```mlir
    %r = scf.for ... iter_args(%a = %init) -> (tensor<?xf32>) { ... }
    %n = tensor.dim %r, %c0
    ```
    becomes
    ```mlir
    %n = tensor.dim %init, %c0
    ```
  }];
  let dependentDialects = ["::mlir::tensor::TensorDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect"];
}

def EntryPointsPass : Pass<"cpu-entry-points", "::mlir::ModuleOp"> {
  let summary = "the tensor function takes the buffers of the ABI";
  let description = [{
    The entry function gets one buffer per input, then one per output, then the
    weights, then the arena (docs/architecture.md, "The kernels form"), and
    returns 0 or, where check k-1 failed, -k. `hybrid.load_weight` becomes a
    view of the weights at `hybrid.offset` of the weight, which this pass
    assigns in the order of the symbols where it is absent. The messages of
    `hybrid.check`s are collected in the module's `hybrid.checks`.

    Next to it `@main_plan(%dims, %out)` is made, which computes the dimensions
    of the outputs from those of the inputs; `cpu-plan-arena` adds the size of
    the arena.

    ```mlir
    func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
      %y = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: memref<?xf32>, %out: memref<?xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32 {
      %0 = bufferization.to_tensor %x restrict : memref<?xf32> to tensor<?xf32>
      %y = linalg.exp ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      bufferization.materialize_in_destination %y in restrict writable %out : (tensor<?xf32>, memref<?xf32>) -> ()
      return %c0_i32 : i32
    }
    func.func @main_plan(%dims: memref<?xi64>, %out: memref<?xi64>) -> i64
    ```
  }];
  let dependentDialects = ["::mlir::bufferization::BufferizationDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
                           "::mlir::hybrid::HybridDialect", "::mlir::tensor::TensorDialect"];
}

def OrderOutputsPass : Pass<"cpu-order-outputs", "::mlir::func::FuncOp"> {
  let summary = "an output that others are computed in is written last";
  let description = [{
    Results may be computed in the buffer of any output (empty tensor elimination chooses the first that
    fits), and are copied to their own at the end. A copy that reads an output's buffer comes before the
    copy that overwrites it; where two outputs wait for each other, one goes through a buffer of its own.

    ```mlir
    memref.copy %a, %out0 : memref<4xf32> to memref<4xf32>
    memref.copy %out0, %out1 : memref<4xf32> to memref<4xf32>
    ```
    becomes
    ```mlir
    memref.copy %out0, %out1 : memref<4xf32> to memref<4xf32>
    memref.copy %a, %out0 : memref<4xf32> to memref<4xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def MakeContiguousPass : Pass<"cpu-make-contiguous", "::mlir::func::FuncOp"> {
  let summary = "kernels get buffers that are contiguous along their rows";
  let description = [{
    Kernels load vectors along the last dimension. A hybrid op's operand that is strided there is
    copied into a buffer, and back where the op writes it.

    ```mlir
    hybrid.packed_matmul ins(%x, ... : memref<8x64xf32, strided<[1, 8]>>, ...)
    ```
    becomes
    ```mlir
    %copy = memref.alloc() : memref<8x64xf32>
    memref.copy %x, %copy : memref<8x64xf32, strided<[1, 8]>> to memref<8x64xf32>
    hybrid.packed_matmul ins(%copy, ... : memref<8x64xf32>, ...)
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def PlanArenaPass : Pass<"cpu-plan-arena", "::mlir::ModuleOp"> {
  let summary = "all buffers get a place in one arena";
  let description = [{
    Each `memref.alloc` of an entry function becomes a view of its arena.
    Buffers whose lifetimes (over the ops of the entry block) do not overlap
    share a slot, which is as large as the largest of them; sizes and offsets
    are multiples of 64 bytes, computed from the dimensions of the inputs at
    the start of the function, and in `@main_plan`, which returns their sum.

    ```mlir
    %a = memref.alloc(%n) : memref<?xf32>
    ```
    becomes
    ```mlir
    %a = memref.view %arena[%offset][%n] : memref<?xi8> to memref<?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
  let statistics = [
    Statistic<"numBuffers", "num-buffers", "buffers placed in an arena">,
    Statistic<"numSlots", "num-slots", "slots that they share">
  ];
}

def OutlineKernelsPass : Pass<"cpu-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "the work of an entry function moves into kernels";
  let description = [{
    Each op of an entry function that loops over a buffer becomes a call of a
    private function. Ops that are the same up to their operands share the
    function, so that the layers of a model are compiled once.

    ```mlir
    linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
    linalg.exp ins(%b : memref<8xf32>) outs(%c : memref<8xf32>)
    ```
    becomes
    ```mlir
    call @kernel_0(%a, %b) : (memref<8xf32>, memref<8xf32>) -> ()
    call @kernel_0(%b, %c) : (memref<8xf32>, memref<8xf32>) -> ()
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
  let statistics = [
    Statistic<"numCalls", "num-calls", "calls of kernels">,
    Statistic<"numKernels", "num-kernels", "distinct kernels">
  ];
}

def LinalgToLoopsPass : Pass<"cpu-linalg-to-loops", "::mlir::func::FuncOp"> {
  let summary = "linalg ops on buffers become loops";
  let description = [{
    Outer parallel loops are one `scf.parallel`; within, the innermost loop runs
    along memory where an op allows it (so that LLVM vectorises it), and a
    reduction along memory carries its results in registers.

    ```mlir
    linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x?xf32>) outs(%c : memref<?x?xf32>)
    ```
    becomes
    ```mlir
    scf.parallel (%i, %block) = ... step (1, 256) {
      scf.for %k = 0 to 8 {
        scf.for %j = %block to min(%block + 256, %n) { ... }
      }
    }
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::affine::AffineDialect"];
}

def ExpandMathPass : Pass<"cpu-expand-math", "::mlir::ModuleOp"> {
  let summary = "exp becomes arithmetic; other functions call libm";
  let description = [{
    `math.exp` of f32 (scalars and vectors) becomes a polynomial that LLVM can
    vectorise: at most 2 ulp, infinities, NaN and subnormal results as IEEE 754
    wants them. f16 and bf16 functions are computed in f32. What has no LLVM
    instruction becomes calls of libm.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::func::FuncDialect", "::mlir::vector::VectorDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def LowerExpandShapesPass : Pass<"cpu-lower-expand-shapes", "::mlir::func::FuncOp"> {
  let summary = "splitting a dimension into several of unknown size";
  let description = [{
    `memref.expand_shape` whose groups have more than one dynamic dimension
    becomes a `memref.reinterpret_cast` with the sizes that the op names:
    upstream's `expand-strided-metadata` takes only one.

    ```mlir
    %r = memref.expand_shape %a [[0, 1]] output_shape [%b, %s] : memref<?xf32> into memref<?x?xf32>
    ```
    becomes
    ```mlir
    %base, %offset, %size, %stride = memref.extract_strided_metadata %a : ...
    %r = memref.reinterpret_cast %base to offset: [0], sizes: [%b, %s], strides: [%s, 1] : memref<f32> to memref<?x?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def HoistStackBuffersPass : Pass<"cpu-hoist-stack-buffers", "::mlir::func::FuncOp"> {
  let summary = "buffers on the stack are made once per thread";
  let description = [{
    A `memref.alloca` of static size moves to the start of its `omp.parallel`, or of
    its function, and the `memref.alloca_scope`s that the conversion to OpenMP puts
    around loop bodies dissolve: they cannot hold branches, and would take
    and give back the stack in each iteration.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::omp::OpenMPDialect"];
}

def LimitThreadsPass : Pass<"cpu-limit-threads", "::mlir::func::FuncOp"> {
  let summary = "small loops run on one thread";
  let description = [{
    Gives each `omp.parallel` an `if` clause: threads are used where the loops
    inside have at least `min-work` iterations. Estimates from the bounds that
    are known before the region.
  }];
  let options = [Option<"minWork", "min-work", "int64_t", "16384",
                        "innermost iterations that pay for waking the threads">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::omp::OpenMPDialect"];
}

def LowerChecksPass : Pass<"cpu-lower-checks", "::mlir::func::FuncOp"> {
  let summary = "a failed check ends the function";
  let description = [{
    After loops have become branches, a `hybrid.check` of an entry function
    becomes a branch to a block that returns its code.

    ```mlir
    hybrid.check %ok, "lengths differ" {hybrid.code = -1 : i32}
    ```
    becomes
    ```mlir
      cf.cond_br %ok, ^rest, ^failed(%c-1_i32 : i32)
    ^rest:
    ```
  }];
  let dependentDialects = ["::mlir::cf::ControlFlowDialect", "::mlir::arith::ArithDialect"];
}

def CInterfacePass : Pass<"cpu-c-interface", "::mlir::ModuleOp"> {
  let summary = "entry functions get the C functions of the ABI";
  let description = [{
    In the llvm form: for each entry function, `jarana_NAME(void *const *args)`
    unpacks the pointers to descriptors and calls it. All other functions
    become private to the object.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // JARANA_PASSES_CPU_TD
