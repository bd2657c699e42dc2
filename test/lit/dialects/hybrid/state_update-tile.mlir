// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @step
// CHECK: scf.for %[[R:.*]] = %c0 to %c8 step %c2
// CHECK: scf.for %[[P:.*]] = %c0 to %c16 step %c8
// CHECK: tensor.extract_slice %{{.*}}[0, 0, %[[R]], %[[P]], 0] [%{{.*}}, 1, 2, 8, 4]
// CHECK: hybrid.state_update {{.*}} outs({{.*}} : tensor<?x1x2x8xf32>, tensor<?x1x2x8x4xf32>)
func.func @step(%x: tensor<?x1x8x16xf32>, %a: tensor<?x1x8xf32>, %b: tensor<?x1x4xf32>,
                %y: tensor<?x1x8x16xf32>, %s: tensor<?x1x8x16x4xf32>) -> (tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>) {
  %0:2 = hybrid.state_update ins(%x, %a, %b, %b : tensor<?x1x8x16xf32>, tensor<?x1x8xf32>, tensor<?x1x4xf32>, tensor<?x1x4xf32>)
      outs(%y, %s : tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>) -> tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.state_update"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [0, 0, 2, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
