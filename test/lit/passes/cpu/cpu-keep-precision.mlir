// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-keep-precision,canonicalize))' | FileCheck %s

// CHECK-LABEL: func.func @between(
// CHECK-NEXT: arith.negf
// CHECK-NEXT: arith.negf
// CHECK-NEXT: arith.truncf
func.func @between(%x: f32) -> bf16 {
  %0 = arith.negf %x : f32
  %1 = arith.truncf %0 : f32 to bf16
  %2 = arith.extf %1 : bf16 to f32
  %3 = arith.negf %2 : f32
  %4 = arith.truncf %3 : f32 to bf16
  return %4 : bf16
}

// CHECK-LABEL: func.func @other_type
// CHECK: arith.truncf
// CHECK: arith.extf
func.func @other_type(%x: f64) -> f32 {
  %0 = arith.truncf %x : f64 to bf16
  %1 = arith.extf %0 : bf16 to f32
  return %1 : f32
}
