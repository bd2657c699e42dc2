// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @transposed
func.func @transposed(%x: tensor<?x64xf32>, %w: tensor<4x96x64xbf16>, %chosen: tensor<?xi64>, %y: tensor<?x96xf32>) -> tensor<?x96xf32> {
  // CHECK: hybrid.indexed_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<4x96x64xbf16>, tensor<?xi64>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x96xf32>) {transposed} -> tensor<?x96xf32>
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<?x64xf32>, tensor<4x96x64xbf16>, tensor<?xi64>)
      outs(%y : tensor<?x96xf32>) {transposed} -> tensor<?x96xf32>
  return %0 : tensor<?x96xf32>
}

// CHECK-LABEL: func @plain
func.func @plain(%x: memref<?x64xf16>, %w: memref<4x64x96xf16>, %chosen: memref<?xi64>, %y: memref<?x96xf16>) {
  // CHECK: hybrid.indexed_matmul
  // CHECK-NOT: transposed
  // CHECK: return
  hybrid.indexed_matmul ins(%x, %w, %chosen : memref<?x64xf16>, memref<4x64x96xf16>, memref<?xi64>) outs(%y : memref<?x96xf16>)
  return
}
