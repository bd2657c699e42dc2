// RUN: jarana-opt %s --recognise-operators=only=attention --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=attention --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// The scale is computed in the graph, sqrt(1 / sqrt(width)) on both sides, each step rounded to f32; what the operator
// has is rounded once more, which is no other meaning.
// CHECK-LABEL: func.func @computed
// CHECK: onnx.Attention %arg0, %arg1, %arg2
// CHECK-SAME: assumptions = "an attribute is taken before it was rounded
// CHECK-SAME: scale = 0.353553
func.func @computed(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x4x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "4", "seq", "8"]},
    %v: tensor<?x4x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "4", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %width = onnx.Constant dense<8> : tensor<i64>
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %float = onnx.Cast %width {to = f32} : (tensor<i64>) -> tensor<f32>
  %root = onnx.Sqrt %float : (tensor<f32>) -> tensor<f32>
  %inverse = onnx.Div %one, %root : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %factor = onnx.Sqrt %inverse : (tensor<f32>) -> tensor<f32>
  %qs = onnx.Mul %q, %factor : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %ks = onnx.Mul %kt, %factor : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %scores = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// Another scale for the keys of one head only: there is no such attribute.
// CHECK-LABEL: func.func @one_head
// CHECK-NOT: onnx.Attention
func.func @one_head(%q: tensor<?x2x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "2", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %scales = onnx.Constant dense<[[[0.25]], [[0.250000030]]]> : tensor<2x1x1xf32>
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x8xf32>) -> tensor<?x2x8x?xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32>) -> tensor<?x2x?x?xf32>
  %scaled = onnx.Mul %scores, %scales : (tensor<?x2x?x?xf32>, tensor<2x1x1xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %scaled {axis = -1 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// -----

// Queries that see no key get the sum of all values, where Attention has 0: what they weigh is told.
// CHECK: module attributes {onnx.declined = [{kind = "Attention", node = "Softmax", parts_at = "Where 'Where'"
// CHECK-SAME: they part at Where 'Where'{{.*}}: it gives the weights, but with numbers in other places
// CHECK-LABEL: func.func @ones_without_keys
// CHECK-NOT: onnx.Attention
func.func @ones_without_keys(%q: tensor<?x2x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "2", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %visible: tensor<?x1x?x?xi1> {onnx.name = "visible", onnx.dims = ["batch", "1", "seq", "seq"]})
    -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %one = onnx.Constant dense<1.0> : tensor<f32>
  %hidden = onnx.Constant dense<0xFF800000> : tensor<f32>
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x8xf32>) -> tensor<?x2x8x?xf32>
  %scores = onnx.MatMul %q, %kt : (tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32>) -> tensor<?x2x?x?xf32>
  %masked = onnx.Where %visible, %scores, %hidden : (tensor<?x1x?x?xi1>, tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %masked {axis = -1 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xi1>
  %weights = onnx.Where %nan, %one, %p : (tensor<?x2x?x?xi1>, tensor<f32>, tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %y = onnx.MatMul %weights, %v : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}
