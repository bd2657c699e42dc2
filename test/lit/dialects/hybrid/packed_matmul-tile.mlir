// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// The second tile size counts panels: two of them are 32 columns, at the end what is left.
// CHECK-DAG: #[[$COLUMN:.*]] = affine_map<(d0) -> (d0 * 16)>
// CHECK-DAG: #[[$REST:.*]] = affine_map<(d0, d1) -> (d0 * -16 + 296, d1 * 16)>
// CHECK-LABEL: func @matmul
// CHECK: scf.for %[[M:.*]] = {{.*}} step %c4
// CHECK: scf.for %[[P:.*]] = %c0 to %c19 step %c2
// CHECK: tensor.extract_slice %{{.*}}[%[[P]], 0, 0] [%{{.*}}, 64, 16]
// CHECK-DAG: %[[N:.*]] = affine.apply #[[$COLUMN]](%[[P]])
// CHECK-DAG: %[[SIZE:.*]] = affine.min #[[$REST]](%[[P]], %{{.*}})
// CHECK: tensor.extract_slice %{{.*}}[%[[M]], %[[N]]] [%{{.*}}, %[[SIZE]]]
// CHECK: hybrid.packed_matmul
func.func @matmul(%x: tensor<?x64xf32>, %panels: tensor<19x64x16xf32>, %y: tensor<?x296xf32>) -> tensor<?x296xf32> {
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<?x64xf32>, tensor<19x64x16xf32>) outs(%y : tensor<?x296xf32>) -> tensor<?x296xf32>
  return %0 : tensor<?x296xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.packed_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [4, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
