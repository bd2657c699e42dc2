// RUN: jarana-opt %s --verify-passes --canonicalize | FileCheck %s

// CHECK-LABEL: func @ones
// CHECK: hybrid.rms_norm ins(%{{[^ ]+}} : tensor<8xf32>) gate(
func.func @ones(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %w = arith.constant dense<1.0> : tensor<8xf32>
  %0 = hybrid.rms_norm ins(%x : tensor<8xf32>) weight(%w : tensor<8xf32>) gate(%x : tensor<8xf32>)
      outs(%y : tensor<8xf32>) {epsilon = 0.0 : f32} -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// CHECK-LABEL: func @twos
// CHECK: weight(
func.func @twos(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xf32> {
  %w = arith.constant dense<2.0> : tensor<8xf32>
  %0 = hybrid.rms_norm ins(%x : tensor<8xf32>) weight(%w : tensor<8xf32>)
      outs(%y : tensor<8xf32>) {epsilon = 0.0 : f32} -> tensor<8xf32>
  return %0 : tensor<8xf32>
}
