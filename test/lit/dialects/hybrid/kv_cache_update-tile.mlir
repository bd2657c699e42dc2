// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @update
// CHECK: scf.forall (%[[B:.*]], %[[H:.*]]) in (3, 2)
// CHECK: tensor.extract_slice %{{.*}}[%[[B]]] [1]
// CHECK: hybrid.kv_cache_update {{.*}} outs({{.*}} : tensor<1x1x64x16xf16>)
func.func @update(%new: tensor<3x2x1x16xf16>, %p: tensor<3xi64>, %cache: tensor<3x2x64x16xf16>) -> tensor<3x2x64x16xf16> {
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<3x2x1x16xf16>, tensor<3xi64>)
      outs(%cache : tensor<3x2x64x16xf16>) -> tensor<3x2x64x16xf16>
  return %0 : tensor<3x2x64x16xf16>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.kv_cache_update"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
