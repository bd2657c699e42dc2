// RUN: jarana-opt %s --cpu-decompose=all --canonicalize --cse | FileCheck %s

// The matrices are read in place, by an index that is never outside of them.
// CHECK-LABEL: func @transposed(
// CHECK-SAME: %{{[^,]*}}, %[[W:.*]]: tensor<4x96x64xf32>
// CHECK-DAG: %[[LAST:.*]] = arith.constant 3 : index
// CHECK: linalg.generic
// CHECK-SAME: "parallel", "parallel", "reduction"
// CHECK: %[[LOW:.*]] = arith.maxsi
// CHECK: %[[INDEX:.*]] = arith.minsi %[[LOW]], %[[LAST]]
// CHECK-DAG: %[[N:.*]] = linalg.index 1
// CHECK-DAG: %[[K:.*]] = linalg.index 2
// CHECK: tensor.extract %[[W]][%[[INDEX]], %[[N]], %[[K]]]
func.func @transposed(%x: tensor<?x64xf32>, %w: tensor<4x96x64xf32>, %chosen: tensor<?xi64>, %y: tensor<?x96xf32>) -> tensor<?x96xf32> {
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<?x64xf32>, tensor<4x96x64xf32>, tensor<?xi64>)
      outs(%y : tensor<?x96xf32>) {transposed} -> tensor<?x96xf32>
  return %0 : tensor<?x96xf32>
}

// CHECK-LABEL: func @narrow(
// CHECK-SAME: %{{[^,]*}}, %[[W:.*]]: tensor<4x64x96xbf16>
// CHECK-DAG: %[[N:.*]] = linalg.index 1
// CHECK-DAG: %[[K:.*]] = linalg.index 2
// CHECK: tensor.extract %[[W]][%{{.*}}, %[[K]], %[[N]]]
// CHECK: arith.truncf
func.func @narrow(%x: tensor<?x64xf16>, %w: tensor<4x64x96xbf16>, %chosen: tensor<?xi64>, %y: tensor<?x96xf16>) -> tensor<?x96xf16> {
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<?x64xf16>, tensor<4x64x96xbf16>, tensor<?xi64>)
      outs(%y : tensor<?x96xf16>) -> tensor<?x96xf16>
  return %0 : tensor<?x96xf16>
}
