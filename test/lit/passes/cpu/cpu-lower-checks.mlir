// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-lower-checks))' --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = arith.constant -1 : i32
// CHECK: cf.cond_br %{{.*}}, ^[[MIDDLE:.*]], ^[[EXIT:.*]](%[[A]] : i32)
// CHECK: ^[[MIDDLE]]:
// CHECK: memref.store
// CHECK: %[[B:.*]] = arith.constant -2 : i32
// CHECK: cf.cond_br %{{.*}}, ^[[REST:.*]], ^[[EXIT]](%[[B]] : i32)
// CHECK: ^[[REST]]:
// CHECK: return
// CHECK: ^[[EXIT]](%[[CODE:.*]]: i32):
// CHECK: return %[[CODE]] : i32
func.func @main(%x: memref<1xf32>, %p: i1, %q: i1, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %ok = arith.constant 0 : i32
  %one = arith.constant 1.0 : f32
  hybrid.check %p, "first" {hybrid.code = -1 : i32}
  memref.store %one, %x[%c0] : memref<1xf32>
  hybrid.check %q, "second" {hybrid.code = -2 : i32}
  return %ok : i32
}

// -----

func.func @helper(%p: i1) -> i32 {
  %ok = arith.constant 0 : i32
  // expected-error @below {{is not in an entry function}}
  hybrid.check %p, "no" {hybrid.code = -1 : i32}
  return %ok : i32
}
