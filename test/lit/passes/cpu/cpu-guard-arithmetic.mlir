// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-guard-arithmetic))' | FileCheck %s

// A divisor that is a safe constant needs no guard.
// CHECK-LABEL: func.func @constants
// CHECK-NOT: arith.select
// CHECK: return
func.func @constants(%a: i32, %b: index) -> (i32, i32, index) {
  %c3 = arith.constant 3 : i32
  %c-1 = arith.constant -1 : i32
  %c16 = arith.constant 16 : index
  %0 = arith.divsi %a, %c3 : i32
  // No quotient of unsigned numbers overflows.
  %1 = arith.remui %a, %c-1 : i32
  %2 = arith.floordivsi %b, %c16 : index
  return %0, %1, %2 : i32, i32, index
}

// CHECK-LABEL: func.func @by_minus_one
// CHECK: arith.select
func.func @by_minus_one(%a: i32) -> i32 {
  %c-1 = arith.constant -1 : i32
  %0 = arith.divsi %a, %c-1 : i32
  return %0 : i32
}

// CHECK-LABEL: func.func @unsigned
// CHECK-SAME: (%[[A:.*]]: i32, %[[B:.*]]: i32)
// CHECK: %[[ZERO:.*]] = arith.cmpi eq, %[[B]], %{{.*}} : i32
// CHECK: %[[SAFE:.*]] = arith.select %[[ZERO]], %{{.*}}, %[[B]] : i32
// CHECK: %[[Q:.*]] = arith.divui %[[A]], %[[SAFE]] : i32
// CHECK: return %[[Q]]
func.func @unsigned(%a: i32, %b: i32) -> i32 {
  %0 = arith.divui %a, %b : i32
  return %0 : i32
}

// The largest f16 is far below the bounds, which f16 would round to infinity.
// CHECK-LABEL: func.func @half
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: arith.cmpf oge, %{{.*}}, %{{.*}} : f32
// CHECK: arith.trunci %{{.*}} : i64 to i32
func.func @half(%x: f16) -> i32 {
  %0 = arith.fptosi %x : f16 to i32
  return %0 : i32
}
