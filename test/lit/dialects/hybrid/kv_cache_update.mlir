// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @one_position
func.func @one_position(%new: tensor<?x2x?x16xf32>, %p: tensor<i64>, %cache: tensor<?x2x64x16xf32>)
    -> tensor<?x2x64x16xf32> {
  // CHECK: hybrid.kv_cache_update ins(%{{.*}}, %{{.*}} : tensor<?x2x?x16xf32>, tensor<i64>) outs(%{{.*}} : tensor<?x2x64x16xf32>) -> tensor<?x2x64x16xf32>
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<?x2x?x16xf32>, tensor<i64>)
      outs(%cache : tensor<?x2x64x16xf32>) -> tensor<?x2x64x16xf32>
  return %0 : tensor<?x2x64x16xf32>
}

// CHECK-LABEL: func @position_per_batch
func.func @position_per_batch(%new: memref<3x2x1x16xf16>, %p: memref<3xi64>, %cache: memref<3x2x64x16xf16>) {
  // CHECK: hybrid.kv_cache_update ins(%{{.*}}, %{{.*}} : memref<3x2x1x16xf16>, memref<3xi64>) outs(%{{.*}} : memref<3x2x64x16xf16>)
  hybrid.kv_cache_update ins(%new, %p : memref<3x2x1x16xf16>, memref<3xi64>)
      outs(%cache : memref<3x2x64x16xf16>)
  return
}
