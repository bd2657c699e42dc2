// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// The columns of the last panel beyond n are cut off.
// CHECK-LABEL: func @ragged
// CHECK-SAME: %[[Y:[^ ]+]]: tensor<?x296xf32>)
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{.*}} : tensor<?x19x16xf32>)
// CHECK: tensor.collapse_shape %{{.*}} : tensor<?x19x16xf32> into tensor<?x304xf32>
// CHECK: %[[CUT:.*]] = tensor.extract_slice {{.*}} to tensor<?x296xf32>
// CHECK: linalg.copy ins(%[[CUT]] : {{.*}}) outs(%[[Y]] :
func.func @ragged(%x: tensor<?x64xf32>, %panels: tensor<19x64x16xf32>, %y: tensor<?x296xf32>) -> tensor<?x296xf32> {
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<?x64xf32>, tensor<19x64x16xf32>) outs(%y : tensor<?x296xf32>) -> tensor<?x296xf32>
  return %0 : tensor<?x296xf32>
}
