// The passes from the hybrid form to the llvm form on CPUs. The examples are
// run and compared by scripts/check_pass_examples.py.
#ifndef JARANA_PASSES_CPU_TD
#define JARANA_PASSES_CPU_TD

include "mlir/Pass/PassBase.td"
include "passes/cpu/Arithmetic.td"
include "passes/cpu/Threads.td"

def PackWeightsPass : Pass<"cpu-pack-weights", "::mlir::ModuleOp"> {
  let summary = "products with weights read panels packed at compile time";
  let description = [{
    A product whose right side is a weight, or the transpose of one, reads the
    weight as panels of `nr` columns. The panels are a weight derived from the
    original one, which the bundle writer makes; a weight that nobody else
    loads is then not stored at all. A weight of signed bytes with a scale per
    column stays bytes: the columns of the result are scaled.

    ```mlir
    hybrid.weight @w : tensor<64x40xf32> = #hybrid.file_range<"w.bin", 0, 10240>
    func.func @main(%x: tensor<8x64xf32>, %e: tensor<8x40xf32>) -> tensor<8x40xf32> {
      %zero = arith.constant 0.0 : f32
      %w = hybrid.load_weight @w : tensor<64x40xf32>
      %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x40xf32>) -> tensor<8x40xf32>
      %y = linalg.matmul ins(%x, %w : tensor<8x64xf32>, tensor<64x40xf32>) outs(%f : tensor<8x40xf32>) -> tensor<8x40xf32>
      return %y : tensor<8x40xf32>
    }
    ```
    becomes
    ```mlir
    hybrid.weight @w.panels16 : tensor<3x64x16xf32> = #hybrid.derived<@w, panels, 16>
    func.func @main(%x: tensor<8x64xf32>, %e: tensor<8x40xf32>) -> tensor<8x40xf32> {
      ...
      %p = hybrid.load_weight @w.panels16 : tensor<3x64x16xf32>
      %o = tensor.empty() : tensor<8x40xf32>
      %y = hybrid.packed_matmul ins(%x, %p : tensor<8x64xf32>, tensor<3x64x16xf32>) outs(%o : tensor<8x40xf32>) -> tensor<8x40xf32>
      return %y : tensor<8x40xf32>
    }
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
    func.func @main(%a: tensor<2x?xf32>, %b: tensor<2x3xf32>) -> tensor<2x?xf32> {
      %0 = tensor.concat dim(1) %a, %b : (tensor<2x?xf32>, tensor<2x3xf32>) -> tensor<2x?xf32>
      return %0 : tensor<2x?xf32>
    }
    ```
    becomes
    ```mlir
    func.func @main(%a: tensor<2x?xf32>, %b: tensor<2x3xf32>) -> tensor<2x?xf32> {
      ...
      %e = tensor.empty(%m) : tensor<2x?xf32>
      %0 = tensor.insert_slice %a into %e[0, 0] [2, %n] [1, 1] : tensor<2x?xf32> into tensor<2x?xf32>
      %1 = tensor.insert_slice %b into %0[0, %n] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<2x?xf32>
      return %1 : tensor<2x?xf32>
    }
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

    ```mlir
    func.func @main(%x: tensor<?xf32>, %y: tensor<?xf32>, %e: tensor<?xf32>) -> tensor<?xf32> {
      %0 = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      %1 = linalg.add ins(%0, %y : tensor<?xf32>, tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      return %1 : tensor<?xf32>
    }
    ```
    becomes
    ```mlir
    %0 = linalg.generic {...} ins(%x, %y : tensor<?xf32>, tensor<?xf32>) outs(%e : tensor<?xf32>) {
    ^bb0(%p: f32, %q: f32, %out: f32):
      %r = math.exp %p : f32
      %s = arith.addf %r, %q : f32
      linalg.yield %s : f32
    } -> tensor<?xf32>
    return %0 : tensor<?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::affine::AffineDialect"];
}

def RoundSiluOncePass : Pass<"cpu-round-silu-once", "::mlir::func::FuncOp"> {
  let summary = "silu of f16 and bf16 rounds once";
  let description = [{
    Exporters write silu as `x * sigmoid(x)`, but what they export computes it in f32 and rounds once.
    Where both were fused, the rounding of the sigmoid goes.

    ```mlir
    func.func @silu(%x: f32) -> f32 {
      %one = arith.constant 1.0 : f32
      %m = arith.negf %x : f32
      %e = math.exp %m : f32
      %d = arith.addf %e, %one : f32
      %s = arith.divf %one, %d : f32
      %t = arith.truncf %s : f32 to bf16
      %u = arith.extf %t : bf16 to f32
      %y = arith.mulf %x, %u : f32
      return %y : f32
    }
    ```
    becomes
    ```mlir
    %s = arith.divf %one, %d : f32
    ...
    %y = arith.mulf %x, %s : f32
    return %y : f32
    ```
  }];
}

def StabilizeLoopsPass : Pass<"cpu-stabilize-loops", "::mlir::func::FuncOp"> {
  let summary = "loops hand on their tensors in place";
  let description = [{
    A loop that yields a tensor other than the one it was given (updated) would
    need a new buffer in each iteration. The value is copied into the carried
    tensor at the end of the body instead. The same for `scf.while` (the values
    that its first region hands on as they are).

    ```mlir
    func.func @main(%init: tensor<4xf32>, %e: tensor<4xf32>, %zero: index, %one: index, %n: index) -> tensor<4xf32> {
      %r = scf.for %i = %zero to %n step %one iter_args(%a = %init) -> (tensor<4xf32>) {
        %next = linalg.exp ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
        scf.yield %next : tensor<4xf32>
      }
      return %r : tensor<4xf32>
    }
    ```
    becomes
    ```mlir
    %r = scf.for %i = %zero to %n step %one iter_args(%a = %init) -> (tensor<4xf32>) {
      %next = linalg.exp ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
      %copy = linalg.copy ins(%next : tensor<4xf32>) outs(%a : tensor<4xf32>) -> tensor<4xf32>
      scf.yield %copy : tensor<4xf32>
    }
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
    func.func @main(%init: tensor<?xf32>, %x: tensor<1xf32>, %zero: index, %one: index, %n: index) -> index {
      %r = scf.for %i = %zero to %n step %one iter_args(%a = %init) -> (tensor<?xf32>) {
        %b = tensor.insert_slice %x into %a[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
        scf.yield %b : tensor<?xf32>
      }
      %d = tensor.dim %r, %zero : tensor<?xf32>
      return %d : index
    }
    ```
    becomes
    ```mlir
    func.func @main(%init: tensor<?xf32>, %x: tensor<1xf32>, %zero: index, %one: index, %n: index) -> index {
      ...
      %d = tensor.dim %init, %zero : tensor<?xf32>
      return %d : index
    }
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
    func.func @main(%x: tensor<?xf32> {hybrid.name = "x"}) -> (tensor<?xf32> {hybrid.name = "y"}) {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?xf32>
      %e = tensor.empty(%n) : tensor<?xf32>
      %y = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      return %y : tensor<?xf32>
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: memref<?xf32> {...}, %out: memref<?xf32> {...}, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32 ... {
      %0 = bufferization.to_tensor %x restrict : memref<?xf32> to tensor<?xf32>
      ...
      %y = linalg.exp ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      bufferization.materialize_in_destination %y in restrict writable %out : (tensor<?xf32>, memref<?xf32>) -> ()
      %ok = arith.constant 0 : i32
      return %ok : i32
    }
    func.func @main_plan(%dims: memref<?xi64>, %shapes: memref<?xi64>) -> i64 ... {
      ...
      memref.store %n, %shapes[%c0] : memref<?xi64>
      %bytes = arith.constant 0 : i64
      return %bytes : i64
    }
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
    func.func @main(%a: memref<4xf32>, %out0: memref<4xf32>, %out1: memref<4xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
        attributes {hybrid.num_inputs = 1 : i64} {
      %ok = arith.constant 0 : i32
      linalg.exp ins(%a : memref<4xf32>) outs(%out0 : memref<4xf32>)
      memref.copy %a, %out0 : memref<4xf32> to memref<4xf32>
      memref.copy %out0, %out1 : memref<4xf32> to memref<4xf32>
      return %ok : i32
    }
    ```
    becomes
    ```mlir
    linalg.exp ins(%a : memref<4xf32>) outs(%out0 : memref<4xf32>)
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
    func.func @main(%x: memref<8x64xf32, strided<[1, 8]>>, %w: memref<5x64x16xf32>, %y: memref<8x80xf32>) {
      hybrid.packed_matmul ins(%x, %w : memref<8x64xf32, strided<[1, 8]>>, memref<5x64x16xf32>) outs(%y : memref<8x80xf32>)
      return
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: memref<8x64xf32, strided<[1, 8]>>, %w: memref<5x64x16xf32>, %y: memref<8x80xf32>) {
      %copy = memref.alloc() : memref<8x64xf32>
      memref.copy %x, %copy : memref<8x64xf32, strided<[1, 8]>> to memref<8x64xf32>
      hybrid.packed_matmul ins(%copy, %w : memref<8x64xf32>, memref<5x64x16xf32>) outs(%y : memref<8x80xf32>)
      return
    }
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
    func.func @main(%x: memref<8xf32>, %y: memref<8xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
        attributes {hybrid.num_inputs = 1 : i64} {
      %ok = arith.constant 0 : i32
      %a = memref.alloc() : memref<8xf32>
      linalg.exp ins(%x : memref<8xf32>) outs(%a : memref<8xf32>)
      linalg.exp ins(%a : memref<8xf32>) outs(%y : memref<8xf32>)
      return %ok : i32
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: memref<8xf32>, %y: memref<8xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32 ... {
      ...
      %a = memref.view %arena[%offset][] : memref<?xi8> to memref<8xf32>
      linalg.exp ins(%x : memref<8xf32>) outs(%a : memref<8xf32>)
      linalg.exp ins(%a : memref<8xf32>) outs(%y : memref<8xf32>)
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
  let statistics = [
    Statistic<"numBuffers", "num-buffers", "buffers placed in an arena">,
    Statistic<"numSlots", "num-slots", "slots that they share">
  ];
}

def CheckPlanPass : Pass<"cpu-check-plan", "::mlir::func::FuncOp"> {
  let summary = "a size that overflows is seen";
  let description = [{
    A function that computes sizes (`hybrid.plan_of`) returns 2^63 - 1 where a sum,
    difference or product of sizes does not fit 64 bits: the runtime refuses such
    shapes. The entry function runs only with sizes that were found to fit, so that
    it needs no such code.

    ```mlir
    func.func private @main()
    func.func @main_plan(%dims: memref<?xi64>, %sizes: memref<?xi64>) -> i64
        attributes {hybrid.plan_of = @main} {
      %c0 = arith.constant 0 : index
      %n = memref.load %dims[%c0] : memref<?xi64>
      %size = arith.index_cast %n : i64 to index
      %square = arith.muli %size, %size : index
      %bytes = arith.index_cast %square : index to i64
      return %bytes : i64
    }
    ```
    becomes
    ```mlir
    ...
      %size = arith.index_cast %n : i64 to index
      ...
      %square = arith.muli %size, %size : index
      %exact = arith.muli %a, %b : i128
      ...
      %wide = arith.extsi %low : i64 to i128
      %over = arith.cmpi ne, %exact, %wide : i128
      %bytes = arith.index_cast %square : index to i64
      %endless = arith.constant 9223372036854775807 : i64
      %0 = arith.select %over, %endless, %bytes : i64
      return %0 : i64
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def OutlineKernelsPass : Pass<"cpu-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "the work of an entry function moves into kernels";
  let description = [{
    Each op of an entry function that loops over a buffer becomes a call of a
    private function. Ops that are the same up to their operands share the
    function, so that the layers of a model are compiled once.

    ```mlir
    func.func @main(%a: memref<8xf32>, %b: memref<8xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
        attributes {hybrid.num_inputs = 1 : i64} {
      %ok = arith.constant 0 : i32
      linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
      linalg.exp ins(%b : memref<8xf32>) outs(%a : memref<8xf32>)
      return %ok : i32
    }
    ```
    becomes
    ```mlir
    func.func private @kernel_0(%p: memref<8xf32>, %q: memref<8xf32>) ... {
      linalg.exp ins(%p : memref<8xf32>) outs(%q : memref<8xf32>)
      return
    }
    func.func @main(%a: memref<8xf32>, %b: memref<8xf32>, ...) -> i32 ... {
      ...
      call @kernel_0(%a, %b) : (memref<8xf32>, memref<8xf32>) -> ()
      call @kernel_0(%b, %a) : (memref<8xf32>, memref<8xf32>) -> ()
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
    func.func @main(%a: memref<?x8xf32>, %b: memref<8x?xf32>, %c: memref<?x?xf32>) {
      linalg.matmul ins(%a, %b : memref<?x8xf32>, memref<8x?xf32>) outs(%c : memref<?x?xf32>)
      return
    }
    ```
    becomes
    ```mlir
    scf.parallel (%i, %block) = (%c0, %c0) to (%m, %n) step (%c1, %c256) {
      %next = arith.addi %block, %c256 : index
      %end = arith.minsi %next, %n : index
      %c8 = arith.constant 8 : index
      scf.for %k = %c0 to %c8 step %c1 {
        scf.for %j = %block to %end step %c1 {
          %x = memref.load %a[%i, %k] : memref<?x8xf32>
          %y = memref.load %b[%k, %j] : memref<8x?xf32>
          %z = memref.load %c[%i, %j] : memref<?x?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::affine::AffineDialect"];
}

def LowerExpandShapesPass : Pass<"cpu-lower-expand-shapes", "::mlir::func::FuncOp"> {
  let summary = "splitting a dimension into several of unknown size";
  let description = [{
    `memref.expand_shape` whose groups have more than one dynamic dimension
    becomes a `memref.reinterpret_cast` with the sizes that the op names:
    upstream's `expand-strided-metadata` takes only one.

    ```mlir
    func.func @main(%a: memref<?xf32>, %b: index, %s: index) -> memref<?x?xf32> {
      %r = memref.expand_shape %a [[0, 1]] output_shape [%b, %s] : memref<?xf32> into memref<?x?xf32>
      return %r : memref<?x?xf32>
    }
    ```
    becomes
    ```mlir
    %base, %offset, %size, %stride = memref.extract_strided_metadata %a : memref<?xf32> -> memref<f32>, index, index, index
    ...
    %r = memref.reinterpret_cast %base to offset: [0], sizes: [%b, %s], strides: [%s, 1] : memref<f32> to memref<?x?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def LowerChecksPass : Pass<"cpu-lower-checks", "::mlir::func::FuncOp"> {
  let summary = "a failed check ends the function";
  let description = [{
    After loops have become branches, a `hybrid.check` of an entry function
    becomes a branch to a block that returns its code.

    ```mlir
    func.func @main(%same: i1, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32 attributes {hybrid.num_inputs = 1 : i64} {
      %ok = arith.constant 0 : i32
      hybrid.check %same, "lengths differ" {hybrid.code = -1 : i32}
      return %ok : i32
    }
    ```
    becomes
    ```mlir
      %code = arith.constant -1 : i32
      cf.cond_br %same, ^rest, ^failed(%code : i32)
    ^rest:
      return %ok : i32
    ^failed(%result: i32):
      return %result : i32
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

    ```mlir
    llvm.func @main(%a: !llvm.ptr) -> i32 {
      %0 = llvm.mlir.constant(0 : i32) : i32
      llvm.return %0 : i32
    }
    llvm.func @_mlir_ciface_main(%a: !llvm.ptr) -> i32 {
      %0 = llvm.call @main(%a) : (!llvm.ptr) -> i32
      llvm.return %0 : i32
    }
    ```
    becomes
    ```mlir
    llvm.func internal @main(%a: !llvm.ptr) -> i32 {
      ...
    llvm.func internal @_mlir_ciface_main(%b: !llvm.ptr) -> i32 {
      ...
    llvm.func @jarana_main(%args: !llvm.ptr) -> i32 {
      %0 = llvm.getelementptr %args[0] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
      %1 = llvm.load %0 : !llvm.ptr -> !llvm.ptr
      %2 = llvm.call @_mlir_ciface_main(%1) : (!llvm.ptr) -> i32
      llvm.return %2 : i32
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // JARANA_PASSES_CPU_TD
