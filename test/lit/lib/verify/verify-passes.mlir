// The right passes change nothing, and it is said how often that was seen.
// RUN: jarana-opt %s --verify-passes --pass-pipeline='builtin.module(func.func(cpu-decompose{all},cpu-fuse-elementwise))' -o /dev/null 2>&1 \
// RUN:   | FileCheck %s
// RUN: jarana-opt %s --verify-passes --cse -o /dev/null 2>&1 | FileCheck %s --check-prefix=SAME

// CHECK: remark: --verify-passes: not checked: @impossible: small inputs are refused: n must be negative
// CHECK: remark: --verify-passes: not checked: @large: its weights and inputs are 67 million numbers, and at most 33 are evaluated
// CHECK-NOT: @large
// CHECK: remark: --verify-passes: {{[1-9][0-9]*}} evaluations agree
// A pass that changes nothing is not looked at.
// SAME: remark: --verify-passes: 0 evaluations agree
func.func @main(%x: tensor<?x?x8xf32> {hybrid.name = "x", hybrid.dims = ["batch", "seq", "8"]}, %y: tensor<?x?x8xf32> {hybrid.name = "y", hybrid.dims = ["batch", "seq", "8"]}) -> tensor<?x?x8xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<?x?x8xf32>) outs(%y : tensor<?x?x8xf32>) {epsilon = 1.0e-5 : f32} -> tensor<?x?x8xf32>
  return %0 : tensor<?x?x8xf32>
}

func.func @impossible(%x: tensor<?xf32> {hybrid.name = "x", hybrid.dims = ["n"]}) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %ok = arith.cmpi slt, %n, %c0 : index
  hybrid.check %ok, "n must be negative"
  %0 = hybrid.rms_norm ins(%x : tensor<?xf32>) outs(%x : tensor<?xf32>) {epsilon = 1.0e-5 : f32} -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

func.func @large(%x: tensor<8192x8192xf32>) -> tensor<8192x8192xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<8192x8192xf32>) outs(%x : tensor<8192x8192xf32>) {epsilon = 1.0e-5 : f32} -> tensor<8192x8192xf32>
  return %0 : tensor<8192x8192xf32>
}
