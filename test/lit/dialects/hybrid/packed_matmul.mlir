// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @ragged
func.func @ragged(%x: tensor<?x64xf32>, %panels: tensor<19x64x16xf32>, %y: tensor<?x296xf32>) -> tensor<?x296xf32> {
  // CHECK: hybrid.packed_matmul ins(%{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<19x64x16xf32>) outs(%{{.*}} : tensor<?x296xf32>) -> tensor<?x296xf32>
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<?x64xf32>, tensor<19x64x16xf32>)
      outs(%y : tensor<?x296xf32>) -> tensor<?x296xf32>
  return %0 : tensor<?x296xf32>
}

// CHECK-LABEL: func @narrow_panels
func.func @narrow_panels(%x: tensor<4x64xf32>, %panels: tensor<2x64x8xbf16>, %y: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // CHECK: hybrid.packed_matmul ins({{.*}}tensor<2x64x8xbf16>)
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<4x64xf32>, tensor<2x64x8xbf16>)
      outs(%y : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %0 : tensor<4x16xf32>
}
