// RUN: jarana-opt %s --verify-passes --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s

// A dimension of a result is that of the init.
// CHECK-LABEL: func @dim
// CHECK-SAME: %[[Y:[^ ]+]]: tensor<?x8xf32>)
// CHECK: %[[N:.*]] = tensor.dim %[[Y]]
// CHECK-NOT: hybrid.
// CHECK: return %[[N]]
func.func @dim(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> index {
  %c0 = arith.constant 0 : index
  %0 = hybrid.rms_norm ins(%x : tensor<?x8xf32>) outs(%y : tensor<?x8xf32>) {epsilon = 0.0 : f32} -> tensor<?x8xf32>
  %1 = tensor.dim %0, %c0 : tensor<?x8xf32>
  return %1 : index
}
