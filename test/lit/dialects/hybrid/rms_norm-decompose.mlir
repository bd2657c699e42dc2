// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// The gate comes before the norm, and the mean is over a group.
// CHECK-LABEL: func @gated_groups
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0], [1], [2, 3]{{\]}} output_shape [%{{.*}}, %{{.*}}, 2, 64]
// CHECK: arith.negf
// CHECK: math.exp
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<?x?x2xf32>)
// CHECK: math.sqrt
// CHECK: tensor.collapse_shape
func.func @gated_groups(%x: tensor<?x?x128xf32>, %w: tensor<128xf32>, %g: tensor<?x?x128xf32>, %y: tensor<?x?x128xf32>) -> tensor<?x?x128xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<?x?x128xf32>) weight(%w : tensor<128xf32>) gate(%g : tensor<?x?x128xf32>)
      outs(%y : tensor<?x?x128xf32>) {epsilon = 1.0e-5 : f32, groups = 2} -> tensor<?x?x128xf32>
  return %0 : tensor<?x?x128xf32>
}

// The gate comes after: it is in the last pass.
// CHECK-LABEL: func @gate_after
// CHECK: math.sqrt
// CHECK: arith.negf
// CHECK: math.exp
func.func @gate_after(%x: tensor<?x128xf32>, %g: tensor<?x128xf32>, %y: tensor<?x128xf32>) -> tensor<?x128xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<?x128xf32>) gate(%g : tensor<?x128xf32>) outs(%y : tensor<?x128xf32>)
      {epsilon = 1.0e-5 : f32, gate_position = #hybrid.gate_position<after>} -> tensor<?x128xf32>
  return %0 : tensor<?x128xf32>
}

// CHECK-LABEL: func @plain
// CHECK-NOT: math.exp
// CHECK: arith.truncf
func.func @plain(%x: tensor<8xbf16>, %y: tensor<8xbf16>) -> tensor<8xbf16> {
  %0 = hybrid.rms_norm ins(%x : tensor<8xbf16>) outs(%y : tensor<8xbf16>) {epsilon = 0.0 : f32} -> tensor<8xbf16>
  return %0 : tensor<8xbf16>
}
