// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// Pairs of neighbours: slices of stride 2; the last 8 dimensions pass through.
// CHECK-LABEL: func @interleaved
// CHECK-SAME: %[[X:[^ ]+]]: tensor<?x?x4x16xf32>
// CHECK: tensor.extract_slice %[[X]][0, 0, 0, 0] [%{{.*}}, %{{.*}}, 4, 4] [1, 1, 1, 2]
// CHECK: tensor.extract_slice %[[X]][0, 0, 0, 1] [%{{.*}}, %{{.*}}, 4, 4] [1, 1, 1, 2]
// CHECK: arith.subf
// CHECK: tensor.insert_slice {{.*}}[0, 0, 0, 0] [%{{.*}}, %{{.*}}, 4, 4] [1, 1, 1, 2]
// CHECK: arith.addf
// CHECK: tensor.insert_slice {{.*}}[0, 0, 0, 1] [%{{.*}}, %{{.*}}, 4, 4] [1, 1, 1, 2]
// CHECK: %[[REST:.*]] = tensor.extract_slice %[[X]][0, 0, 0, 8]
// CHECK: linalg.copy ins(%[[REST]] :
func.func @interleaved(%x: tensor<?x?x4x16xf32>, %cos: tensor<1x?x4xf32>, %y: tensor<?x?x4x16xf32>) -> tensor<?x?x4x16xf32> {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %cos : tensor<?x?x4x16xf32>, tensor<1x?x4xf32>, tensor<1x?x4xf32>)
      outs(%y : tensor<?x?x4x16xf32>) {rotary_dim = 8, mode = #hybrid.rotary_mode<interleaved>} -> tensor<?x?x4x16xf32>
  return %0 : tensor<?x?x4x16xf32>
}

// CHECK-LABEL: func @half
// CHECK-SAME: %[[X:[^ ]+]]: tensor<2x5x4x16xf32>
// CHECK: tensor.extract_slice %[[X]][0, 0, 0, 0] [2, 5, 4, 8] [1, 1, 1, 1]
// CHECK: tensor.extract_slice %[[X]][0, 0, 0, 8] [2, 5, 4, 8] [1, 1, 1, 1]
// CHECK-NOT: linalg.copy
// CHECK: return
func.func @half(%x: tensor<2x5x4x16xf32>, %cos: tensor<2x5x8xf32>, %y: tensor<2x5x4x16xf32>) -> tensor<2x5x4x16xf32> {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %cos : tensor<2x5x4x16xf32>, tensor<2x5x8xf32>, tensor<2x5x8xf32>)
      outs(%y : tensor<2x5x4x16xf32>) {rotary_dim = 16} -> tensor<2x5x4x16xf32>
  return %0 : tensor<2x5x4x16xf32>
}
