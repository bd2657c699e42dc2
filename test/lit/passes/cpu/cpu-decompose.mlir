// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-decompose{all=true}))' | FileCheck %s
// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-decompose))' | FileCheck %s --check-prefix=KEEP
// RUN: jarana-opt %s --verify-passes --pass-pipeline='builtin.module(func.func(cpu-decompose{all=true}))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @norm
// CHECK-NOT: hybrid.rms_norm
// CHECK: linalg.generic
// KEEP-LABEL: func.func @norm
// KEEP: hybrid.rms_norm
func.func @norm(%x: tensor<?x64xf32>, %w: tensor<64xf32>, %y: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<?x64xf32>) weight(%w : tensor<64xf32>) outs(%y : tensor<?x64xf32>) {epsilon = 1.0e-5 : f32} -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

// CHECK-LABEL: func.func @concat
// CHECK-NOT: tensor.concat
// CHECK: tensor.insert_slice
// CHECK: tensor.insert_slice
func.func @concat(%a: tensor<2x?xf32>, %b: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %0 = tensor.concat dim(1) %a, %b : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %0 : tensor<2x?xf32>
}
