// The passes that make work for several threads, part of Passes.td.
#ifndef JARANA_PASSES_CPU_THREADS_TD
#define JARANA_PASSES_CPU_THREADS_TD

include "mlir/Pass/PassBase.td"

def HoistStackBuffersPass : Pass<"cpu-hoist-stack-buffers", "::mlir::func::FuncOp"> {
  let summary = "buffers on the stack are made once per thread";
  let description = [{
    A `memref.alloca` of static size moves to the start of its `omp.parallel`, or of
    its function, and the `memref.alloca_scope`s that the conversion to OpenMP puts
    around loop bodies dissolve: they cannot hold branches, and would take
    and give back the stack in each iteration.

    ```mlir
    // after: --convert-scf-to-openmp
    func.func @main(%n: index, %zero: index, %one: index, %x: f32) {
      scf.parallel (%i) = (%zero) to (%n) step (%one) {
        %a = memref.alloca() : memref<4xf32>
        memref.store %x, %a[%zero] : memref<4xf32>
      }
      return
    }
    ```
    becomes
    ```mlir
    omp.parallel {
      %a = memref.alloca() : memref<4xf32>
      omp.wsloop {
        omp.loop_nest (%i) : index = (%zero) to (%n) step (%one) {
          memref.store %x, %a[%zero] : memref<4xf32>
          omp.yield
        }
      }
      omp.terminator
    }
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::omp::OpenMPDialect"];
}

def LimitThreadsPass : Pass<"cpu-limit-threads", "::mlir::func::FuncOp"> {
  let summary = "small loops run on one thread";
  let description = [{
    Gives each `omp.parallel` an `if` clause: threads are used where the loops
    inside have at least `min-work` iterations. Estimates from the bounds that
    are known before the region.

    ```mlir
    func.func @main(%a: memref<?xf32>, %n: index, %zero: index, %one: index, %x: f32) {
      omp.parallel {
        omp.wsloop {
          omp.loop_nest (%i) : index = (%zero) to (%n) step (%one) {
            memref.store %x, %a[%i] : memref<?xf32>
            omp.yield
          }
        }
        omp.terminator
      }
      return
    }
    ```
    becomes
    ```mlir
    %work = arith.subi %n, %zero : index
    %limit = arith.constant 16384 : index
    %worth = arith.cmpi sge, %work, %limit : index
    omp.parallel if(%worth) {
    ```
  }];
  let options = [Option<"minWork", "min-work", "int64_t", "16384",
                        "innermost iterations that pay for waking the threads">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::omp::OpenMPDialect"];
}

def ShareLoopsPass : Pass<"cpu-share-loops", "::mlir::ModuleOp"> {
  let summary = "each thread does its share of a loop";
  let description = [{
    An `omp.wsloop` at the end of its `omp.parallel` becomes an `scf.for` over a
    range of its iterations, of all dimensions together: thread t of n does the
    t-th of n ranges whose lengths differ by one at most.

    ```mlir
    func.func @main(%a: memref<?xf32>, %n: index, %zero: index, %one: index, %x: f32) {
      omp.parallel {
        omp.wsloop {
          omp.loop_nest (%i) : index = (%zero) to (%n) step (%one) {
            memref.store %x, %a[%i] : memref<?xf32>
            omp.yield
          }
        }
        omp.terminator
      }
      return
    }
    ```
    becomes
    ```mlir
    omp.parallel {
      ...
      %thread = func.call @omp_get_thread_num() : () -> i32
      ...
      scf.for %linear = %first to %last step %c1 {
        %offset = arith.muli %linear, %one : index
        %i = arith.addi %zero, %offset : index
        memref.store %x, %a[%i] : memref<?xf32>
      }
      omp.terminator
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::scf::SCFDialect", "::mlir::omp::OpenMPDialect"];
}

def LowerParallelPass : Pass<"cpu-lower-parallel", "::mlir::ModuleOp"> {
  let summary = "parallel regions become functions that the runtime calls";
  let description = [{
    In the llvm form: each `omp.parallel` becomes a function `(context, data,
    part, parts)`, and a call of the context's first member, which calls that
    function once for each part (`runtime/CodeContext.h`). `data` is a record of
    what the region uses. Where the region has a condition that does not hold, the
    function is called once, as part 0 of 1. `omp_get_thread_num` and
    `omp_get_num_threads` become the part and their number.

    Functions that need the context get it as their last argument. Buffers that do
    not fit into `stack-buffers` bytes of a function's frame, the largest first,
    move to the scratch memory of the context; the module's `hybrid.scratch_bytes`
    says how much of it there must be.

    ```mlir
    llvm.func @main(%a: !llvm.ptr, %x: f32) {
      omp.parallel {
        llvm.store %x, %a : f32, !llvm.ptr
        omp.terminator
      }
      llvm.return
    }
    ```
    becomes
    ```mlir
    llvm.func internal @main_part_0(%context: !llvm.ptr, %data: !llvm.ptr, %part: i64, %parts: i64) attributes {passthrough = ["noinline"]} {
      ...
      llvm.store %u, %v : f32, !llvm.ptr
      llvm.return
    }
    llvm.func @main(%a: !llvm.ptr, %x: f32, %own: !llvm.ptr) {
      ...
      %parallel = llvm.load %own : !llvm.ptr -> !llvm.ptr
      %body = llvm.mlir.addressof @main_part_0 : !llvm.ptr
      llvm.call %parallel(%own, %body, %record) : !llvm.ptr, (!llvm.ptr, !llvm.ptr, !llvm.ptr) -> ()
    ```
  }];
  let options = [Option<"stackBuffers", "stack-buffers", "int64_t", "12288",
                        "bytes of a function's frame for buffers">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // JARANA_PASSES_CPU_THREADS_TD
