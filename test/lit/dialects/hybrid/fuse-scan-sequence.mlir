// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// Along the sequence it is not: a later tile needs the state that an earlier one leaves.
// CHECK-LABEL: func @scan_into_add
// CHECK: hybrid.ssd_scan
// CHECK: scf.for
// CHECK-NOT: hybrid.ssd_scan
// CHECK: linalg.add
func.func @scan_into_add(%x: tensor<2x?x1x8x16xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                         %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>) -> tensor<2x?x1x8x16xf32> {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  %1 = linalg.add ins(%0#0, %x : tensor<2x?x1x8x16xf32>, tensor<2x?x1x8x16xf32>) outs(%y : tensor<2x?x1x8x16xf32>) -> tensor<2x?x1x8x16xf32>
  return %1 : tensor<2x?x1x8x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.add"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %loop = transform.structured.fuse %op tile_sizes [0, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
