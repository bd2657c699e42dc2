// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @matmul
// CHECK: scf.forall (%[[I:.*]], %[[J:.*]]) in (%{{.*}}, 3)
// CHECK: %[[M:.*]] = affine.apply {{.*}}(%[[I]])
// CHECK: %[[N:.*]] = affine.apply {{.*}}(%[[J]])
// CHECK: tensor.extract_slice %{{.*}}[%[[M]], 0] [%{{.*}}, 80]
// CHECK: tensor.extract_slice %{{.*}}[%[[N]], 0, 0] [8, 3, 16]
// CHECK: tensor.extract_slice %{{.*}}[%[[N]], 0] [8, 3]
// CHECK: tensor.extract_slice %{{.*}}[%[[N]], 0] [8, 2]
// CHECK: hybrid.quantized_matmul
func.func @matmul(%x: tensor<?x80xf32>, %codes: tensor<24x3x16xi8>, %scales: tensor<24x3xf32>,
                  %zeros: tensor<24x2xi8>, %y: tensor<?x24xf32>) -> tensor<?x24xf32> {
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<?x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>) outs(%y : tensor<?x24xf32>) {bits = 4, block = 32} -> tensor<?x24xf32>
  return %0 : tensor<?x24xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.quantized_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [4, 8] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
