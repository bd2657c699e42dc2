// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize | FileCheck %s

// CHECK-LABEL: func @one_position
// CHECK-SAME: %[[NEW:[^ ]+]]: tensor<?x2x?x16xf32>, %[[P:[^ ]+]]: tensor<i64>, %[[CACHE:[^ ]+]]: tensor<?x2x64x16xf32>
// CHECK: %[[I:.*]] = tensor.extract %[[P]][]
// CHECK: %[[AT:.*]] = arith.index_cast %[[I]]
// CHECK: tensor.insert_slice %[[NEW]] into %[[CACHE]][0, 0, %[[AT]], 0]
func.func @one_position(%new: tensor<?x2x?x16xf32>, %p: tensor<i64>, %cache: tensor<?x2x64x16xf32>) -> tensor<?x2x64x16xf32> {
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<?x2x?x16xf32>, tensor<i64>)
      outs(%cache : tensor<?x2x64x16xf32>) -> tensor<?x2x64x16xf32>
  return %0 : tensor<?x2x64x16xf32>
}

// CHECK-LABEL: func @position_per_batch
// CHECK: scf.for %[[B:.*]] = {{.*}} iter_args(%[[C:.*]] =
// CHECK: tensor.extract %{{.*}}[%[[B]]]
// CHECK: tensor.insert_slice %{{.*}} into %[[C]][%[[B]], 0, %{{.*}}, 0]
func.func @position_per_batch(%new: tensor<3x2x1x16xf16>, %p: tensor<3xi64>, %cache: tensor<3x2x64x16xf16>) -> tensor<3x2x64x16xf16> {
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<3x2x1x16xf16>, tensor<3xi64>)
      outs(%cache : tensor<3x2x64x16xf16>) -> tensor<3x2x64x16xf16>
  return %0 : tensor<3x2x64x16xf16>
}
