// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// Tables shared by all batches are cut along the sequence alone.
// CHECK-LABEL: func @rotary
// CHECK-SAME: %[[COS:[^ ]+]]: tensor<1x?x4xf32>
// CHECK: scf.for %[[B:.*]] = {{.*}} step %c1
// CHECK: scf.for %[[L:.*]] = {{.*}} step %c8
// CHECK: tensor.extract_slice %[[COS]][0, %[[L]], 0] [1, %{{.*}}, 4]
// CHECK: hybrid.rotary_embedding {{.*}} {rotary_dim = 8 : i64}
func.func @rotary(%x: tensor<?x?x4x16xf32>, %cos: tensor<1x?x4xf32>, %y: tensor<?x?x4x16xf32>) -> tensor<?x?x4x16xf32> {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %cos : tensor<?x?x4x16xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>)
      outs(%y : tensor<?x?x4x16xf32>) {rotary_dim = 8} -> tensor<?x?x4x16xf32>
  return %0 : tensor<?x?x4x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rotary_embedding"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [1, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
