// RUN: jarana-opt %s --split-input-file --verify-diagnostics --cpu-lower-parallel=stack-buffers=1024 | FileCheck %s

// A region takes what it uses in a record, and the context that its function
// gets. Where its condition does not hold, it is one part of one.
// CHECK-LABEL: llvm.func internal @main_part_0
// CHECK-SAME:    %[[C:.*]]: !llvm.ptr, %[[DATA:.*]]: !llvm.ptr, %[[PART:.*]]: i64, %[[PARTS:.*]]: i64
// CHECK-SAME:    passthrough = ["noinline"]
// CHECK:         %[[AT:.*]] = llvm.getelementptr %[[DATA]][0, 0] {{.*}} !llvm.struct<(ptr)>
// CHECK:         %[[A:.*]] = llvm.load %[[AT]]
// CHECK:         llvm.mlir.constant(7 : i32)
// CHECK:         %[[NUMBER:.*]] = llvm.trunc %[[PART]]
// CHECK:         %[[COUNT:.*]] = llvm.trunc %[[PARTS]]
// CHECK:         llvm.store %{{.*}}, %[[A]]
// CHECK:         llvm.return
// CHECK-LABEL: llvm.func @main(
// CHECK-SAME:    %[[OWN:[a-z0-9]*]]: !llvm.ptr) {
// CHECK:         %[[RECORD:.*]] = llvm.alloca
// CHECK:         llvm.cond_br %{{.*}}, ^[[TEAM:.*]], ^[[ALONE:.*]]
// CHECK:       ^[[TEAM]]:
// CHECK:         %[[ENTRY:.*]] = llvm.load %[[OWN]]
// CHECK:         %[[BODY:.*]] = llvm.mlir.addressof @main_part_0
// CHECK:         llvm.call %[[ENTRY]](%[[OWN]], %[[BODY]], %[[RECORD]])
// CHECK:       ^[[ALONE]]:
// CHECK:         %[[ZERO:.*]] = llvm.mlir.constant(0 : i64)
// CHECK:         %[[ONE:.*]] = llvm.mlir.constant(1 : i64)
// CHECK:         llvm.call @main_part_0(%[[OWN]], %[[RECORD]], %[[ZERO]], %[[ONE]])
// CHECK-NOT:     omp
llvm.func @omp_get_thread_num() -> i32
llvm.func @omp_get_num_threads() -> i32
llvm.func @main(%a: !llvm.ptr, %enough: i1) {
  %seven = llvm.mlir.constant(7 : i32) : i32
  omp.parallel if(%enough) {
    %part = llvm.call @omp_get_thread_num() : () -> i32
    %parts = llvm.call @omp_get_num_threads() : () -> i32
    %0 = llvm.add %part, %parts : i32
    %1 = llvm.add %0, %seven : i32
    llvm.store %1, %a : i32, !llvm.ptr
    omp.terminator
  }
  llvm.return
}

// -----

// Callers hand their context on; who needs none gets none.
// CHECK-LABEL: llvm.func @kernel(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK-LABEL: llvm.func @caller(
// CHECK-SAME:    %[[X:[a-z0-9]*]]: !llvm.ptr, %[[OWN:.*]]: !llvm.ptr)
// CHECK:         llvm.call @kernel(%[[X]], %[[OWN]])
// CHECK-LABEL: llvm.func @other(%{{.*}}: !llvm.ptr) -> i32 {
llvm.func @omp_get_thread_num() -> i32
llvm.func @kernel(%a: !llvm.ptr) {
  omp.parallel {
    %part = llvm.call @omp_get_thread_num() : () -> i32
    llvm.store %part, %a : i32, !llvm.ptr
    omp.terminator
  }
  llvm.return
}
llvm.func @caller(%a: !llvm.ptr) {
  llvm.call @kernel(%a) : (!llvm.ptr) -> ()
  llvm.return
}
llvm.func @other(%a: !llvm.ptr) -> i32 {
  // Outside of regions there is one thread.
  // CHECK: %[[ZERO:.*]] = llvm.mlir.constant(0 : i32)
  // CHECK: llvm.return %[[ZERO]]
  %0 = llvm.call @omp_get_thread_num() : () -> i32
  llvm.return %0 : i32
}

// -----

// What does not fit on the stack has a place in the scratch memory of the part,
// above that of the functions that are called meanwhile; the small buffer stays.
// CHECK: module attributes {hybrid.scratch_bytes = 9216 : i64}
// CHECK-LABEL: llvm.func @inner(
// CHECK-SAME:    %[[OWN:[a-z0-9]*]]: !llvm.ptr)
// CHECK:         %[[AT:.*]] = llvm.getelementptr %[[OWN]][1]
// CHECK:         %[[SCRATCH:.*]] = llvm.load %[[AT]]
// CHECK:         %[[PLACE:.*]] = llvm.mlir.constant(0 : i64)
// CHECK:         llvm.getelementptr %[[SCRATCH]][%[[PLACE]]]
// CHECK-LABEL: llvm.func @outer(
// CHECK:         llvm.alloca %{{.*}} x !llvm.array<16 x f32>
// CHECK-NOT:     llvm.alloca
// CHECK:         llvm.mlir.constant(4096 : i64)
llvm.func @inner(%x: f32) {
  %one = llvm.mlir.constant(1 : i64) : i64
  %a = llvm.alloca %one x !llvm.array<1024 x f32> : (i64) -> !llvm.ptr
  llvm.store %x, %a : f32, !llvm.ptr
  llvm.return
}
llvm.func @outer(%x: f32) {
  %one = llvm.mlir.constant(1 : i64) : i64
  %a = llvm.alloca %one x !llvm.array<1280 x f32> : (i64) -> !llvm.ptr
  %b = llvm.alloca %one x !llvm.array<16 x f32> : (i64) -> !llvm.ptr
  llvm.store %x, %a : f32, !llvm.ptr
  llvm.store %x, %b : f32, !llvm.ptr
  llvm.call @inner(%x) : (f32) -> ()
  llvm.return
}

// -----

llvm.func @unknown(%n: i64) {
  // expected-error@+1 {{a buffer on the stack, of a size that is not known}}
  %a = llvm.alloca %n x f32 : (i64) -> !llvm.ptr
  llvm.return
}

// -----

llvm.func @clauses(%n: i32) {
  // expected-error@+1 {{a parallel region may have no clause but 'if'}}
  omp.parallel num_threads(%n : i32) {
    omp.terminator
  }
  llvm.return
}

// -----

llvm.func @barrier() {
  omp.parallel {
    // expected-error@+1 {{is not supported in a parallel region}}
    omp.barrier
    omp.terminator
  }
  llvm.return
}
