// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// The offset of the mask moves with the tile. A bias dimension of size 1 is not cut.
// CHECK-LABEL: func @attention
// CHECK-SAME: %[[Q:[^ ]+]]: tensor<2x2x4x?x16xf32>, %[[K:[^ ]+]]: tensor<2x2x?x16xf32>, %[[BIAS:[^ ]+]]: tensor<1x1x4x?x?xf32>, %[[O:[^ ]+]]: tensor<2xi64>
// CHECK: scf.for %[[B:.*]] = {{.*}} step %c1
// CHECK: scf.for %[[M:.*]] = {{.*}} step %c8
// CHECK-DAG: tensor.extract_slice %[[Q]][%[[B]], 0, 0, %[[M]], 0]
// CHECK-DAG: tensor.extract_slice %[[K]][%[[B]], 0, 0, 0]
// CHECK-DAG: tensor.extract_slice %[[BIAS]][0, 0, 0, %[[M]], 0]
// CHECK-DAG: tensor.extract_slice %[[O]][%[[B]]] [1]
// CHECK: %[[I:.*]] = arith.index_cast %[[M]] : index to i64
// CHECK: %[[MOVED:.*]] = linalg.generic
// CHECK: arith.addi %{{.*}}, %[[I]]
// CHECK: hybrid.attention {{.*}} query_offset(%[[MOVED]] : tensor<1xi64>)
func.func @attention(%q: tensor<2x2x4x?x16xf32>, %k: tensor<2x2x?x16xf32>, %bias: tensor<1x1x4x?x?xf32>,
                     %offset: tensor<2xi64>, %y: tensor<2x2x4x?x16xf32>) -> tensor<2x2x4x?x16xf32> {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<2x2x4x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>)
      bias(%bias : tensor<1x1x4x?x?xf32>) query_offset(%offset : tensor<2xi64>) outs(%y : tensor<2x2x4x?x16xf32>)
      {scale = 0.25 : f32, mask = #hybrid.mask<causal>} -> tensor<2x2x4x?x16xf32>
  return %0 : tensor<2x2x4x?x16xf32>
}

// An offset that was not there is made where the mask needs it.
// CHECK-LABEL: func @no_offset
// CHECK: scf.for
// CHECK: scf.for %[[M:.*]] = {{.*}} step %c8
// CHECK: %[[I:.*]] = arith.index_cast %[[M]] : index to i64
// CHECK: %[[MOVED:.*]] = tensor.from_elements %[[I]] : tensor<i64>
// CHECK: hybrid.attention {{.*}} query_offset(%[[MOVED]] : tensor<i64>)
func.func @no_offset(%q: tensor<2x2x4x?x16xf32>, %k: tensor<2x2x?x16xf32>, %y: tensor<2x2x4x?x16xf32>) -> tensor<2x2x4x?x16xf32> {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<2x2x4x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>)
      outs(%y : tensor<2x2x4x?x16xf32>) {scale = 0.25 : f32, mask = #hybrid.mask<causal>} -> tensor<2x2x4x?x16xf32>
  return %0 : tensor<2x2x4x?x16xf32>
}

// Without a mask there is nothing to move.
// CHECK-LABEL: func @no_mask
// CHECK-NOT: tensor.from_elements
// CHECK: return
func.func @no_mask(%q: tensor<2x2x4x?x16xf32>, %k: tensor<2x2x?x16xf32>, %y: tensor<2x2x4x?x16xf32>) -> tensor<2x2x4x?x16xf32> {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<2x2x4x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>)
      outs(%y : tensor<2x2x4x?x16xf32>) {scale = 0.25 : f32} -> tensor<2x2x4x?x16xf32>
  return %0 : tensor<2x2x4x?x16xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [1, 0, 0, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
