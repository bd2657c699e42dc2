// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s

// Each tile leaves the window that the next one starts with.
// CHECK-LABEL: func @conv
// CHECK-SAME: %[[X:[^ ]+]]: tensor<2x?x160xf32>, {{.*}} %[[S:[^ ]+]]: tensor<2x3x160xf32>)
// CHECK: scf.for %[[T:.*]] = {{.*}} step %c64 iter_args(%[[Y1:.*]] = %{{.*}}, %[[S1:.*]] = %[[S]])
// CHECK: scf.for %[[C:.*]] = {{.*}} step %c16 iter_args(%[[Y2:.*]] = %[[Y1]], %[[S2:.*]] = %[[S1]])
// CHECK-DAG: tensor.extract_slice %[[X]][0, %[[T]], %[[C]]]
// CHECK-DAG: tensor.extract_slice %{{.*}}[%[[C]], 0] [16, 4]
// CHECK-DAG: tensor.extract_slice %{{.*}}[%[[C]]] [16]
// CHECK-DAG: tensor.extract_slice %[[S2]][0, 0, %[[C]]] [2, 3, 16]
// CHECK: hybrid.causal_conv1d {{.*}} {activation = #hybrid.activation<silu>}
func.func @conv(%input: tensor<2x?x160xf32>, %weight: tensor<160x4xf32>, %bias: tensor<160xf32>,
                %y: tensor<2x?x160xf32>, %s: tensor<2x3x160xf32>) -> (tensor<2x?x160xf32>, tensor<2x3x160xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x?x160xf32>, tensor<160x4xf32>) bias(%bias : tensor<160xf32>)
      outs(%y, %s : tensor<2x?x160xf32>, tensor<2x3x160xf32>) {activation = #hybrid.activation<silu>}
      -> tensor<2x?x160xf32>, tensor<2x3x160xf32>
  return %0#0, %0#1 : tensor<2x?x160xf32>, tensor<2x3x160xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.causal_conv1d"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [0, 64, 16] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
