// RUN: jarana-opt %s --recognise-operators --raise-onnx --split-input-file --verify-diagnostics
// Sizes that arithmetic on 64 bits cannot hold are an error at the node, whichever pass meets them: nothing is thrown through MLIR.

func.func @rows(%x: tensor<?x4611686018427387904x4xf32> {onnx.name = "x", onnx.dims = ["b", "4611686018427387904", "4"]})
    -> (tensor<?x4611686018427387904x4xf32> {onnx.name = "z"}) {
  %w = onnx.Constant dense<0.5> : tensor<4x4xf32>
  // expected-error @below {{'onnx.MatMul': integer arithmetic on dimensions overflows 64 bits}}
  %z = onnx.MatMul %x, %w : (tensor<?x4611686018427387904x4xf32>, tensor<4x4xf32>) -> tensor<?x4611686018427387904x4xf32>
  return %z : tensor<?x4611686018427387904x4xf32>
}

// -----

// The operator is not recognised, and the graph that stays is too large.
func.func @attention(%q: tensor<?x4x?x4611686018427387904xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "4611686018427387904"]},
    %k: tensor<?x4x?x4611686018427387904xf32> {onnx.name = "k", onnx.dims = ["batch", "4", "seq", "4611686018427387904"]},
    %v: tensor<?x4x?x4611686018427387904xf32> {onnx.name = "v", onnx.dims = ["batch", "4", "seq", "4611686018427387904"]})
    -> (tensor<?x4x?x4611686018427387904xf32> {onnx.name = "y"}) {
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x4611686018427387904xf32>) -> tensor<?x4x4611686018427387904x?xf32>
  // expected-error @below {{'onnx.MatMul': integer arithmetic on dimensions overflows 64 bits}}
  %scores = onnx.MatMul %q, %kt : (tensor<?x4x?x4611686018427387904xf32>, tensor<?x4x4611686018427387904x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %p, %v : (tensor<?x4x?x?xf32>, tensor<?x4x?x4611686018427387904xf32>) -> tensor<?x4x?x4611686018427387904xf32>
  return %y : tensor<?x4x?x4611686018427387904xf32>
}

// -----

// Shape inference, as the text is read.
func.func @flat(%x: tensor<?x4294967296x4294967296xf32> {onnx.name = "x", onnx.dims = ["b", "4294967296", "4294967296"]}) -> (tensor<?xf32> {onnx.name = "z"}) {
  %s = onnx.Constant dense<[-1]> : tensor<1xi64>
  // expected-error @below {{Reshape node: integer arithmetic on dimensions overflows 64 bits}}
  %z = onnx.Reshape %x, %s {allowzero = 0 : i64} : (tensor<?x4294967296x4294967296xf32>, tensor<1xi64>) -> tensor<?xf32>
  return %z : tensor<?xf32>
}

// -----

// A weight of ones is not counted.
func.func @norm(%x: tensor<?x4611686018427387904xf32> {onnx.name = "x", onnx.dims = ["l", "4611686018427387904"]}, %w: tensor<4611686018427387904xf32> {onnx.name = "w", onnx.dims = ["4611686018427387904"]})
    -> (tensor<?x4611686018427387904xf32> {onnx.name = "y"}) {
  %ones = onnx.Constant dense<1.0> : tensor<4611686018427387904xf32>
  %0 = onnx.RMSNormalization %x, %ones {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<?x4611686018427387904xf32>, tensor<4611686018427387904xf32>) -> tensor<?x4611686018427387904xf32>
  %1 = onnx.Mul %w, %0 : (tensor<4611686018427387904xf32>, tensor<?x4611686018427387904xf32>) -> tensor<?x4611686018427387904xf32>
  return %1 : tensor<?x4611686018427387904xf32>
}
