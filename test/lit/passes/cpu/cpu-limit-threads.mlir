// RUN: jarana-opt %s --pass-pipeline='builtin.module(convert-scf-to-openmp,func.func(cpu-hoist-stack-buffers,cpu-limit-threads{min-work=1024}))' | FileCheck %s

// Known to be small: one thread.
// CHECK-LABEL: func.func @small
// CHECK: %[[NO:.*]] = arith.constant false
// CHECK: omp.parallel if(%[[NO]])
func.func @small(%a: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%c8) step (%c1) {
    memref.store %zero, %a[%i] : memref<8xf32>
  }
  return
}

// Decided at run time: 16 iterations inside, so 64 outside are enough.
// CHECK-LABEL: func.func @unknown
// CHECK: %[[LIMIT:.*]] = arith.constant 64 : index
// CHECK: %[[YES:.*]] = arith.cmpi sge, %{{.*}}, %[[LIMIT]] : index
// CHECK: omp.parallel if(%[[YES]])
func.func @unknown(%a: memref<?x16xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    scf.for %j = %c0 to %c16 step %c1 {
      memref.store %zero, %a[%i, %j] : memref<?x16xf32>
    }
  }
  return
}

// Known to be large: no condition.
// CHECK-LABEL: func.func @large
// CHECK: omp.parallel {
func.func @large(%a: memref<8192xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8192 = arith.constant 8192 : index
  %zero = arith.constant 0.0 : f32
  scf.parallel (%i) = (%c0) to (%c8192) step (%c1) {
    memref.store %zero, %a[%i] : memref<8192xf32>
  }
  return
}
