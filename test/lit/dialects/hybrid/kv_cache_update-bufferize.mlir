// RUN: jarana-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s
// RUN: jarana-opt %s --cpu-decompose=all --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --canonicalize | FileCheck %s --check-prefix=LINALG

// The cache is read by attention after the update, and never copied.
// CHECK-LABEL: func @cache_in_place
// CHECK-SAME: %[[C:[^ ]+]]: memref<1x2x64x16xf32>, %[[Q:[^ ]+]]: memref<1x2x4x1x16xf32>
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: hybrid.kv_cache_update {{.*}} outs(%[[C]] :
// CHECK: hybrid.attention ins(%[[Q]], %[[C]], %[[C]] :
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return

// Decomposed, the one copy is the write of the new position.
// LINALG-LABEL: func @cache_in_place
// LINALG: memref.copy %{{.*}} : memref<1x2x1x16xf32> to memref<1x2x1x16xf32, strided<[2048, 1024, 16, 1], offset: ?>>
// LINALG-NOT: memref.copy
// LINALG-NOT: memref.alloc() {{.*}} : memref<1x2x64x16xf32>
func.func @cache_in_place(%new: tensor<1x2x1x16xf32>, %p: tensor<i64>, %cache: tensor<1x2x64x16xf32>,
                          %q: tensor<1x2x4x1x16xf32>, %y: tensor<1x2x4x1x16xf32>)
    -> (tensor<1x2x4x1x16xf32>, tensor<1x2x64x16xf32>) {
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<1x2x1x16xf32>, tensor<i64>)
      outs(%cache : tensor<1x2x64x16xf32>) -> tensor<1x2x64x16xf32>
  %1 = hybrid.attention ins(%q, %0, %0 : tensor<1x2x4x1x16xf32>, tensor<1x2x64x16xf32>, tensor<1x2x64x16xf32>)
      query_offset(%p : tensor<i64>) outs(%y : tensor<1x2x4x1x16xf32>)
      {scale = 0.25 : f32, mask = #hybrid.mask<causal>} -> tensor<1x2x4x1x16xf32>
  return %1, %0 : tensor<1x2x4x1x16xf32>, tensor<1x2x64x16xf32>
}
