// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// The norm before a scan goes into the loop over the sequence.
// CHECK-LABEL: func @norm_into_scan
// CHECK: scf.for %[[T:.*]] = {{.*}} step %c16
// CHECK: hybrid.rms_norm {{.*}} tensor<2x?x1x8x16xf32>
// CHECK: hybrid.ssd_scan
// CHECK: scf.yield
func.func @norm_into_scan(%v: tensor<2x?x1x8x16xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                          %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %x = hybrid.rms_norm ins(%v : tensor<2x?x1x8x16xf32>) outs(%v : tensor<2x?x1x8x16xf32>) {epsilon = 0.0 : f32} -> tensor<2x?x1x8x16xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.ssd_scan"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %loop = transform.structured.fuse %op tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
