// RUN: jarana-opt %s --pass-pipeline='builtin.module(convert-scf-to-openmp,func.func(cpu-hoist-stack-buffers))' | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: omp.parallel
// CHECK-NEXT: memref.alloca() : memref<4xf32>
// CHECK: omp.loop_nest
// CHECK-NOT: memref.alloca
func.func @main(%n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    %a = memref.alloca() : memref<4xf32>
    memref.store %zero, %a[%c0] : memref<4xf32>
  }
  return
}
