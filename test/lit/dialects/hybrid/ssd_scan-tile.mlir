// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse | FileCheck %s
// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize --cse --canonicalize | FileCheck %s --check-prefix=BUFFERS

// Along the sequence y is cut, and the state is handed on whole; along the heads
// both are cut. The last tile of the sequence is as long as what is left.
// CHECK-LABEL: func @scan
// CHECK-SAME: %[[X:[^ ]+]]: tensor<2x?x1x8x16xf32>, %[[DT:[^ ]+]]: tensor<2x?x1x8xf32>, %[[A:[^ ]+]]: tensor<1x8xf32>, %[[B:[^ ]+]]: tensor<2x?x1x4xf32>, %[[Y:[^ ]+]]: tensor<2x?x1x8x16xf32>, %[[S:[^ ]+]]: tensor<2x1x8x16x4xf32>)
// CHECK: %[[L:.*]] = tensor.dim %[[X]]
// CHECK: scf.for %[[T:.*]] = %c0 to %[[L]] step %c32 iter_args(%[[Y1:.*]] = %[[Y]], %[[S1:.*]] = %[[S]])
// CHECK: scf.for %[[R:.*]] = %c0 to %c8 step %c4 iter_args(%[[Y2:.*]] = %[[Y1]], %[[S2:.*]] = %[[S1]])
// CHECK: %[[Q:.*]] = affine.min
// CHECK-DAG: %[[XT:.*]] = tensor.extract_slice %[[X]][0, %[[T]], 0, %[[R]], 0] [2, %[[Q]], 1, 4, 16]
// CHECK-DAG: %[[DTT:.*]] = tensor.extract_slice %[[DT]][0, %[[T]], 0, %[[R]]] [2, %[[Q]], 1, 4]
// CHECK-DAG: %[[AT:.*]] = tensor.extract_slice %[[A]][0, %[[R]]] [1, 4]
// B and C belong to the group: heads do not cut them.
// CHECK-DAG: %[[BT:.*]] = tensor.extract_slice %[[B]][0, %[[T]], 0, 0] [2, %[[Q]], 1, 4]
// CHECK-DAG: %[[YT:.*]] = tensor.extract_slice %[[Y2]][0, %[[T]], 0, %[[R]], 0]
// CHECK-DAG: %[[ST:.*]] = tensor.extract_slice %[[S2]][0, 0, %[[R]], 0, 0] [2, 1, 4, 16, 4]
// CHECK: %[[TILE:.*]]:2 = hybrid.ssd_scan ins(%[[XT]], %[[AT]], %[[BT]], %[[BT]] : {{.*}}) dt(%[[DTT]] : {{.*}}) outs(%[[YT]], %[[ST]] :
// CHECK-DAG: tensor.insert_slice %[[TILE]]#0 into %[[Y2]][0, %[[T]], 0, %[[R]], 0]
// CHECK-DAG: tensor.insert_slice %[[TILE]]#1 into %[[S2]][0, 0, %[[R]], 0, 0]

// The loops work on the buffers that came in.
// BUFFERS-LABEL: func @scan
// BUFFERS-NOT: memref.alloc
// BUFFERS-NOT: memref.copy
// BUFFERS: hybrid.ssd_scan
// BUFFERS-NOT: memref.copy
// BUFFERS: return
func.func @scan(%x: tensor<2x?x1x8x16xf32>, %dt: tensor<2x?x1x8xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      dt(%dt : tensor<2x?x1x8xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.ssd_scan"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [0, 32, 0, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
