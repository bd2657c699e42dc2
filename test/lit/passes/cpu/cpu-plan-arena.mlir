// RUN: jarana-opt %s --cpu-plan-arena --split-input-file --verify-diagnostics | FileCheck %s

// The lifetimes of %a and %c do not overlap: they share a slot.
// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:[^:]*]]: memref<?xf32>, %{{[^:]*}}: memref<?xf32>, %{{[^:]*}}: memref<?xi8>, %[[ARENA:[^:]*]]: memref<?xi8>)
// CHECK: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK: %[[N:.*]] = memref.dim %[[X]]
// CHECK: %[[BYTES:.*]] = arith.muli %{{.*}}, %{{.*}} : index
// CHECK: %[[UP:.*]] = arith.addi %[[BYTES]]
// CHECK: %[[SIZE:.*]] = arith.andi %[[UP]]
// CHECK: %[[A:.*]] = memref.view %[[ARENA]][%{{.*}}][%{{.*}}]
// CHECK: linalg.exp {{.*}} outs(%[[A]]
// CHECK: memref.view %[[ARENA]][%[[SIZE]]]
// CHECK: %[[C:.*]] = memref.view %[[ARENA]][%{{.*}}][%{{.*}}]
// CHECK-NOT: memref.alloc
func.func @main(%x: memref<?xf32>, %y: memref<?xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %ok = arith.constant 0 : i32
  %n = memref.dim %x, %c0 : memref<?xf32>
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%x : memref<?xf32>) outs(%a : memref<?xf32>)
  %b = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%a : memref<?xf32>) outs(%b : memref<?xf32>)
  %c = memref.alloc(%n) : memref<?xf32>
  linalg.exp ins(%b : memref<?xf32>) outs(%c : memref<?xf32>)
  linalg.exp ins(%c : memref<?xf32>) outs(%y : memref<?xf32>)
  return %ok : i32
}

// The plan function gives the sum of the slots.
// CHECK-LABEL: func.func @main_plan(
// CHECK-SAME: %[[DIMS:[^:]*]]: memref<?xi64>
// CHECK: %[[D:.*]] = memref.load %[[DIMS]]
// CHECK: %[[TOTAL:.*]] = arith.index_cast %{{.*}} : index to i64
// CHECK: return %[[TOTAL]] : i64
func.func @main_plan(%dims: memref<?xi64>, %out: memref<?xi64>) -> i64 attributes {hybrid.plan_of = @main} {
  %zero = arith.constant 0 : i64
  return %zero : i64
}

// -----

func.func @main(%x: memref<index>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 1 : i64} {
  %ok = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f32
  %n = memref.load %x[] : memref<index>
  // expected-error @below {{the size of this buffer depends on values that are only known when the model runs, and nothing bounds it}}
  %a = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%zero : f32) outs(%a : memref<?xf32>)
  return %ok : i32
}

// -----

// What data decide is at most what bounds it.
// CHECK-LABEL: func.func @main(
// CHECK: arith.maxsi %{{.*}}, %{{.*}} : index
// CHECK: memref.load
// CHECK: %[[COUNT:.*]] = arith.maxsi
// CHECK: %[[SIZE:.*]] = arith.addi %[[COUNT]]
// CHECK: memref.view %{{.*}}[%{{.*}}][%[[SIZE]]] : memref<?xi8> to memref<?xf32>
func.func @main(%x: memref<index>, %d: memref<?xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 2 : i64} {
  %ok = arith.constant 0 : i32
  %zero = arith.constant 0 : index
  %two = arith.constant 2 : index
  %most = memref.dim %d, %zero : memref<?xf32>
  %f = arith.constant 0.0 : f32
  %n = memref.load %x[] : memref<index>
  %least = arith.minsi %n, %most : index
  %count = arith.maxsi %least, %zero : index
  %size = arith.addi %count, %two : index
  %a = memref.alloc(%size) : memref<?xf32>
  linalg.fill ins(%f : f32) outs(%a : memref<?xf32>)
  return %ok : i32
}

// The plan: four bytes times the bound and two, rounded up.
// CHECK-LABEL: func.func @main_plan(
// CHECK: %[[D:.*]] = memref.load
// CHECK: arith.maxsi
// CHECK: arith.addi
// CHECK: arith.muli
func.func @main_plan(%dims: memref<?xi64>, %out: memref<?xi64>) -> i64 attributes {hybrid.plan_of = @main} {
  %zero = arith.constant 0 : i64
  return %zero : i64
}
