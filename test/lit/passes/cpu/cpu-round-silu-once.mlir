// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-round-silu-once,canonicalize))' | FileCheck %s
// RUN: jarana-opt %s --verify-passes --pass-pipeline='builtin.module(func.func(cpu-round-silu-once,canonicalize))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @silu(
// CHECK: %[[S:.*]] = arith.divf
// CHECK-NEXT: arith.mulf %{{.*}}, %[[S]]
// CHECK-NEXT: arith.truncf
func.func @silu(%in: bf16) -> bf16 {
  %one = arith.constant 1.0 : f32
  %x = arith.extf %in : bf16 to f32
  %n = arith.negf %x : f32
  %e = math.exp %n : f32
  %d = arith.addf %e, %one : f32
  %s = arith.divf %one, %d : f32
  %t = arith.truncf %s : f32 to bf16
  %u = arith.extf %t : bf16 to f32
  %y = arith.mulf %x, %u : f32
  %r = arith.truncf %y : f32 to bf16
  return %r : bf16
}

// The sigmoid of something else keeps its rounding.
// CHECK-LABEL: func.func @gate(
// CHECK: arith.divf
// CHECK-NEXT: arith.truncf
func.func @gate(%in: bf16, %g: f32) -> f32 {
  %one = arith.constant 1.0 : f32
  %x = arith.extf %in : bf16 to f32
  %n = arith.negf %x : f32
  %e = math.exp %n : f32
  %d = arith.addf %e, %one : f32
  %s = arith.divf %one, %d : f32
  %t = arith.truncf %s : f32 to bf16
  %u = arith.extf %t : bf16 to f32
  %y = arith.mulf %g, %u : f32
  return %y : f32
}
