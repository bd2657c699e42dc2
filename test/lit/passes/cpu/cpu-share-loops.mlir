// RUN: jarana-opt %s --split-input-file --verify-diagnostics --cpu-share-loops | FileCheck %s

// All dimensions together are cut into ranges; the first threads take one
// iteration more where there is a rest.
// CHECK-LABEL: func.func @two
// CHECK-SAME:    %[[M:.*]]: index, %[[N:.*]]: index, %[[LOW:.*]]: index, %[[STEP:.*]]: index
// CHECK:         omp.parallel {
// CHECK:           %[[ROWS:.*]] = arith.ceildivsi %{{.*}}, %[[STEP]]
// CHECK:           %[[COLUMNS:.*]] = arith.ceildivsi %{{.*}}, %[[STEP]]
// CHECK:           %[[TOTAL:.*]] = arith.muli %[[ROWS]], %[[COLUMNS]]
// CHECK:           call @omp_get_thread_num
// CHECK:           call @omp_get_num_threads
// CHECK:           arith.divui %[[TOTAL]]
// CHECK:           arith.remui %[[TOTAL]]
// CHECK:           scf.for %[[LINEAR:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK-NEXT:        %[[J0:.*]] = arith.remui %[[LINEAR]], %[[COLUMNS]]
// CHECK-NEXT:        %[[I0:.*]] = arith.divui %[[LINEAR]], %[[COLUMNS]]
// CHECK-NEXT:        %[[J1:.*]] = arith.muli %[[J0]], %[[STEP]]
// CHECK-NEXT:        %[[J:.*]] = arith.addi %[[LOW]], %[[J1]]
// CHECK-NEXT:        %[[I1:.*]] = arith.muli %[[I0]], %[[STEP]]
// CHECK-NEXT:        %[[I:.*]] = arith.addi %[[LOW]], %[[I1]]
// CHECK-NEXT:        memref.store %{{.*}}, %{{.*}}[%[[I]], %[[J]]]
// CHECK-NEXT:      }
// CHECK-NEXT:      omp.terminator
// CHECK-NOT:     omp.wsloop
func.func @two(%a: memref<?x?xf32>, %m: index, %n: index, %low: index, %step: index, %x: f32) {
  omp.parallel {
    omp.wsloop {
      omp.loop_nest (%i, %j) : index = (%low, %low) to (%m, %n) step (%step, %step) {
        memref.store %x, %a[%i, %j] : memref<?x?xf32>
        omp.yield
      }
    }
    omp.terminator
  }
  return
}

// -----

// What comes behind a loop would have to wait for all threads.
func.func @not_last(%a: memref<?xf32>, %n: index, %zero: index, %one: index, %x: f32) {
  omp.parallel {
    // expected-error@+1 {{a shared loop must be the last of its region}}
    omp.wsloop {
      omp.loop_nest (%i) : index = (%zero) to (%n) step (%one) {
        memref.store %x, %a[%i] : memref<?xf32>
        omp.yield
      }
    }
    memref.store %x, %a[%zero] : memref<?xf32>
    omp.terminator
  }
  return
}

// -----

func.func @clauses(%a: memref<?xf32>, %n: index, %zero: index, %one: index, %x: f32) {
  omp.parallel {
    // expected-error@+1 {{only loops without clauses can be shared out}}
    omp.wsloop schedule(dynamic) {
      omp.loop_nest (%i) : index = (%zero) to (%n) step (%one) {
        memref.store %x, %a[%i] : memref<?xf32>
        omp.yield
      }
    }
    omp.terminator
  }
  return
}
