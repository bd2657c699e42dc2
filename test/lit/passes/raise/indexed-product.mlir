// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Two experts for each token, each token's row beside each of them: no matrix is gathered.
// CHECK: facts = {matrices = "3"}, node = "experts", op = "MatMul", result = "hybrid.indexed_matmul"
// CHECK-LABEL: func.func @tuples
// CHECK-SAME: %[[X:.*]]: tensor<?x8x1xf32>
// CHECK: hybrid.check %{{.*}}, "GatherND node 'gather': an index is outside the dimension of 3 elements"
// CHECK-NOT: tensor.extract
// CHECK: hybrid.indexed_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<3x4x8xf32>, tensor<?xi64>)
// CHECK-SAME: {transposed}
func.func @tuples(%x: tensor<?x8x1xf32> {onnx.name = "x", onnx.dims = ["b", "8", "1"]}, %w: tensor<3x4x8xf32> {onnx.name = "w", onnx.dims = ["3", "4", "8"]},
    %which: tensor<?x1xi64> {onnx.name = "which", onnx.dims = ["b", "1"]}) -> (tensor<?x4x1xf32> {onnx.name = "y"}) {
  %0 = onnx.GatherND %w, %which {batch_dims = 0 : i64} : (tensor<3x4x8xf32>, tensor<?x1xi64>) -> tensor<?x4x8xf32> loc("gather")
  %1 = onnx.MatMul %0, %x : (tensor<?x4x8xf32>, tensor<?x8x1xf32>) -> tensor<?x4x1xf32> loc("experts")
  return %1 : tensor<?x4x1xf32>
}

// -----

// A row that is the same for all experts of its token is repeated, not the matrices; their transposition is a way to read them.
// CHECK-LABEL: func.func @per_token
// CHECK-SAME: %{{.*}}: tensor<?x1x1x8xf32>{{.*}} %[[W:.*]]: tensor<3x4x8xf16>
// CHECK-NOT: linalg.transpose
// CHECK: hybrid.indexed_matmul ins(%{{.*}}, %[[W]], %{{.*}} : tensor<?x8xf32>, tensor<3x4x8xf16>, tensor<?xi64>)
// CHECK-SAME: {transposed}
// CHECK: tensor.expand_shape %{{.*}} : tensor<?x4xf32> into tensor<?x2x1x4xf32>
func.func @per_token(%x: tensor<?x1x1x8xf32> {onnx.name = "x", onnx.dims = ["b", "1", "1", "8"]}, %w: tensor<3x4x8xf16> {onnx.name = "w", onnx.dims = ["3", "4", "8"]},
    %which: tensor<?x2xi32> {onnx.name = "which", onnx.dims = ["b", "2"]}) -> (tensor<?x2x1x4xf32> {onnx.name = "y"}) {
  %wide = onnx.Cast %w {saturate = 1 : i64, to = f32} : (tensor<3x4x8xf16>) -> tensor<3x4x8xf32>
  %t = onnx.Transpose %wide {perm = array<i64: 0, 2, 1>} : (tensor<3x4x8xf32>) -> tensor<3x8x4xf32>
  %0 = onnx.Gather %t, %which {axis = 0 : i64} : (tensor<3x8x4xf32>, tensor<?x2xi32>) -> tensor<?x2x8x4xf32>
  %1 = onnx.MatMul %x, %0 : (tensor<?x1x1x8xf32>, tensor<?x2x8x4xf32>) -> tensor<?x2x1x4xf32>
  return %1 : tensor<?x2x1x4xf32>
}

// -----

// One matrix for all rows of a sequence: its index is repeated.
// CHECK-LABEL: func.func @per_sequence
// CHECK: hybrid.indexed_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8xf32>, tensor<3x8x4xf32>, tensor<?xi64>)
// CHECK-NOT: transposed
// CHECK: return
func.func @per_sequence(%x: tensor<?x?x8xf32> {onnx.name = "x", onnx.dims = ["b", "s", "8"]}, %w: tensor<3x8x4xf32> {onnx.name = "w", onnx.dims = ["3", "8", "4"]},
    %which: tensor<?xi64> {onnx.name = "which", onnx.dims = ["b"]}) -> (tensor<?x?x4xf32> {onnx.name = "y"}) {
  %0 = onnx.Gather %w, %which {axis = 0 : i64} : (tensor<3x8x4xf32>, tensor<?xi64>) -> tensor<?x8x4xf32>
  %1 = onnx.MatMul %x, %0 : (tensor<?x?x8xf32>, tensor<?x8x4xf32>) -> tensor<?x?x4xf32>
  return %1 : tensor<?x?x4xf32>
}

// -----

// Matrices of another type, and several columns at once, stay products of what is gathered.
// CHECK-LABEL: func.func @declined
// CHECK-NOT: hybrid.indexed_matmul
func.func @declined(%x: tensor<?x8x2xf32> {onnx.name = "x", onnx.dims = ["b", "8", "2"]}, %w: tensor<3x4x8xf32> {onnx.name = "w", onnx.dims = ["3", "4", "8"]},
    %x64: tensor<?x1x8xf64> {onnx.name = "x64", onnx.dims = ["b", "1", "8"]}, %w64: tensor<3x8x4xf64> {onnx.name = "w64", onnx.dims = ["3", "8", "4"]},
    %which: tensor<?xi64> {onnx.name = "which", onnx.dims = ["b"]}) -> (tensor<?x4x2xf32> {onnx.name = "y"}, tensor<?x1x4xf64> {onnx.name = "z"}) {
  %0 = onnx.Gather %w, %which {axis = 0 : i64} : (tensor<3x4x8xf32>, tensor<?xi64>) -> tensor<?x4x8xf32>
  %1 = onnx.MatMul %0, %x : (tensor<?x4x8xf32>, tensor<?x8x2xf32>) -> tensor<?x4x2xf32>
  %2 = onnx.Gather %w64, %which {axis = 0 : i64} : (tensor<3x8x4xf64>, tensor<?xi64>) -> tensor<?x8x4xf64>
  %3 = onnx.MatMul %x64, %2 : (tensor<?x1x8xf64>, tensor<?x8x4xf64>) -> tensor<?x1x4xf64>
  return %1, %3 : tensor<?x4x2xf32>, tensor<?x1x4xf64>
}
