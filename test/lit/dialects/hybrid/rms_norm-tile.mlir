// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// Rows are cut, and what a row is normed over is not.
// CHECK-LABEL: func @norm
// CHECK: scf.for %[[B:.*]] = {{.*}} step %c1
// CHECK: scf.for %[[L:.*]] = {{.*}} step %c8
// CHECK: hybrid.rms_norm ins({{.*}} : tensor<1x?x128xf32>) weight(%{{[^ ]+}} : tensor<128xf32>) gate({{.*}} : tensor<1x?x128xf32>)
func.func @norm(%x: tensor<?x?x128xf32>, %w: tensor<128xf32>, %g: tensor<?x?x128xf32>, %y: tensor<?x?x128xf32>) -> tensor<?x?x128xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<?x?x128xf32>) weight(%w : tensor<128xf32>) gate(%g : tensor<?x?x128xf32>)
      outs(%y : tensor<?x?x128xf32>) {epsilon = 1.0e-5 : f32, groups = 2} -> tensor<?x?x128xf32>
  return %0 : tensor<?x?x128xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rms_norm"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [1, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
