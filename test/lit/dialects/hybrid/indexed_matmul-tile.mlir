// RUN: jarana-opt %s --transform-interpreter --canonicalize --cse | FileCheck %s

// A tile of rows takes its indices along; no tile cuts the matrices' number.
// CHECK-LABEL: func @matmul
// CHECK: scf.forall (%[[I:.*]], %[[J:.*]]) in (%{{.*}}, 12)
// CHECK: %[[T:.*]] = affine.apply {{.*}}(%[[I]])
// CHECK: %[[N:.*]] = affine.apply {{.*}}(%[[J]])
// CHECK: tensor.extract_slice %{{.*}}[%[[T]], 0] [%{{.*}}, 64]
// CHECK: tensor.extract_slice %{{.*}}[0, %[[N]], 0] [4, 8, 64]
// CHECK: tensor.extract_slice %{{.*}}[%[[T]]] [%{{.*}}]
// CHECK: hybrid.indexed_matmul
// CHECK-SAME: {transposed}
func.func @matmul(%x: tensor<?x64xf32>, %w: tensor<4x96x64xf32>, %chosen: tensor<?xi64>, %y: tensor<?x96xf32>) -> tensor<?x96xf32> {
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<?x64xf32>, tensor<4x96x64xf32>, tensor<?xi64>)
      outs(%y : tensor<?x96xf32>) {transposed} -> tensor<?x96xf32>
  return %0 : tensor<?x96xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.indexed_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [4, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
