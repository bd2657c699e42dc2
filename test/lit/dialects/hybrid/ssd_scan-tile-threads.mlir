// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// Threads take batches and heads; nothing is carried between them.
// CHECK-LABEL: func @scan
// CHECK: scf.forall (%[[I:.*]], %[[R2:.*]]) in (2, 4) shared_outs(%[[YI:.*]] = %{{.*}}, %[[SI:.*]] = %{{.*}})
// CHECK: %[[R:.*]] = affine.apply {{.*}}(%[[R2]])
// CHECK: hybrid.ssd_scan {{.*}} outs({{.*}} : tensor<1x?x1x2x16xf32>, tensor<1x1x2x16x4xf32>)
// CHECK: scf.forall.in_parallel
// CHECK: tensor.parallel_insert_slice %{{.*}} into %[[YI]][%[[I]], 0, 0, %[[R]], 0]
// CHECK: tensor.parallel_insert_slice %{{.*}} into %[[SI]][%[[I]], 0, %[[R]], 0, 0]
func.func @scan(%x: tensor<2x?x1x8x16xf32>, %dt: tensor<2x?x1x8xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      dt(%dt : tensor<2x?x1x8xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.ssd_scan"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 0, 0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
