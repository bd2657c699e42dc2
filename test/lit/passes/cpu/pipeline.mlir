// The phases one after the other: what each form holds.
// RUN: jarana-opt %s --jarana-cpu-tensor-phase --jarana-cpu-kernels-phase | FileCheck %s --check-prefix=KERNELS
// RUN: jarana-opt %s --jarana-cpu-pipeline="vector-bits=256" | FileCheck %s --check-prefix=LLVM

hybrid.weight @w : tensor<64x40xf32> = #hybrid.file_range<"w.bin", 0, 10240>

// KERNELS: func.func private @kernel_0
// KERNELS-LABEL: func.func @main
// KERNELS-NOT: linalg
// KERNELS-NOT: memref.alloc
// KERNELS: call @kernel_0
// KERNELS: return
// LLVM-DAG: llvm.func @jarana_main(%{{.*}}: !llvm.ptr) -> i32
// LLVM-DAG: llvm.func @jarana_main_plan(%{{.*}}: !llvm.ptr) -> i64
func.func @main(%x: tensor<?x64xf32> {hybrid.name = "x"}) -> (tensor<?x40xf32> {hybrid.name = "y"}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x64xf32>
  %w = hybrid.load_weight @w : tensor<64x40xf32>
  %e = tensor.empty(%m) : tensor<?x40xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x40xf32>) -> tensor<?x40xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x40xf32>) outs(%f : tensor<?x40xf32>) -> tensor<?x40xf32>
  %z = linalg.exp ins(%y : tensor<?x40xf32>) outs(%e : tensor<?x40xf32>) -> tensor<?x40xf32>
  return %z : tensor<?x40xf32>
}
