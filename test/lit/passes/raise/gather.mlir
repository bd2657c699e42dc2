// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Indices that are data are checked, and wrap where they are negative.
// CHECK-LABEL: func.func @lookup
// CHECK: iterator_types = ["reduction", "reduction"]
// CHECK: arith.cmpi sge, %{{.*}}, %c-10_i64
// CHECK: arith.cmpi slt, %{{.*}}, %c10_i64
// CHECK: hybrid.check %{{.*}}, "Gather node '': an index is outside the dimension of 10 elements"
// CHECK: arith.cmpi slt, %{{.*}}, %c0
// CHECK: tensor.extract %arg0[%{{.*}}, %{{.*}}] : tensor<10x3xf32>
func.func @lookup(%table: tensor<10x3xf32> {onnx.name = "table", onnx.dims = ["10", "3"]}, %ids: tensor<?x?xi64> {onnx.name = "ids", onnx.dims = ["b", "l"]}) -> (tensor<?x?x3xf32> {onnx.name = "y"}) {
  %0 = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<10x3xf32>, tensor<?x?xi64>) -> tensor<?x?x3xf32>
  return %0 : tensor<?x?x3xf32>
}

// -----

// One known index is a slice.
// CHECK-LABEL: func.func @last
// CHECK-NOT: linalg.generic
// CHECK: tensor.extract_slice %arg0[0, 4, 0] [2, 1, 3] [1, 1, 1]
func.func @last(%x: tensor<2x5x3xf32> {onnx.name = "x", onnx.dims = ["2", "5", "3"]}) -> (tensor<2x3xf32> {onnx.name = "y"}) {
  %index = onnx.Constant dense<-1> : tensor<i64>
  %0 = onnx.Gather %x, %index {axis = 1 : i64} : (tensor<2x5x3xf32>, tensor<i64>) -> tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @tuples
// CHECK-COUNT-2: hybrid.check
// CHECK: tensor.extract %arg1
// CHECK: tensor.extract %arg0
func.func @tuples(%x: tensor<4x5x3xf32> {onnx.name = "x", onnx.dims = ["4", "5", "3"]}, %at: tensor<?x2xi64> {onnx.name = "at", onnx.dims = ["n", "2"]}) -> (tensor<?x3xf32> {onnx.name = "y"}) {
  %0 = onnx.GatherND %x, %at {batch_dims = 0 : i64} : (tensor<4x5x3xf32>, tensor<?x2xi64>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}
