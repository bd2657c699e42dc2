// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// Keys are taken piece by piece, the running values go from one to the next, and
// the offset moves back as far as the keys have gone on.
// CHECK: #[[$SHIFT:.*]] = affine_map<(d0, d1) -> (d0 - d1)>
// CHECK-LABEL: func @online
// CHECK: scf.for %[[M:.*]] = {{.*}} step %c2
// CHECK: scf.for %[[S:.*]] = {{.*}} step %c4 iter_args(%[[ACC:.*]] = %{{.*}}, %[[MAX:.*]] = %{{.*}}, %[[SUM:.*]] = %{{.*}})
// CHECK-DAG: tensor.extract_slice %{{.*}}[0, 0, %[[S]], 0]
// CHECK-DAG: tensor.extract_slice %[[ACC]][0, 0, 0, %[[M]], 0]
// CHECK-DAG: tensor.extract_slice %[[MAX]][0, 0, 0, %[[M]]]
// CHECK-DAG: tensor.extract_slice %[[SUM]][0, 0, 0, %[[M]]]
// CHECK-DAG: affine.apply #[[$SHIFT]](%[[M]], %[[S]])
// CHECK: hybrid.online_attention {{.*}} query_offset(%{{[^ ]+}} : tensor<i64>)
func.func @online(%q: tensor<1x2x4x3x16xf32>, %k: tensor<1x2x9x16xf32>, %acc: tensor<1x2x4x3x16xf32>,
                  %max: tensor<1x2x4x3xf32>, %sum: tensor<1x2x4x3xf32>)
    -> (tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>) {
  %0:3 = hybrid.online_attention ins(%q, %k, %k : tensor<1x2x4x3x16xf32>, tensor<1x2x9x16xf32>, tensor<1x2x9x16xf32>)
      outs(%acc, %max, %sum : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
  return %0#0, %0#1, %0#2 : tensor<1x2x4x3x16xf32>, tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.online_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [0, 0, 0, 2, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
