// The verifier of every onnx operation runs the operator's shape rule.
// RUN: jarana-opt %s -split-input-file -verify-diagnostics

func.func @agrees(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %r = onnx.MatMul %x, %w : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// -----

// A result type may say less, or more, than the rule finds.
func.func @compatible(%x: tensor<?x8xf32>, %y: tensor<3x1xf32>) -> tensor<?x?xf32> {
  %r = onnx.Add %x, %y : (tensor<?x8xf32>, tensor<3x1xf32>) -> tensor<?x?xf32>
  return %r : tensor<?x?xf32>
}

// -----

func.func @inner(%x: tensor<?x8xf32>, %w: tensor<9x4xf32>) -> tensor<?x4xf32> {
  // expected-error @below {{MatMul node: the inner dimensions differ: 8 and 9}}
  %r = onnx.MatMul %x, %w : (tensor<?x8xf32>, tensor<9x4xf32>) -> tensor<?x4xf32>
  return %r : tensor<?x4xf32>
}

// -----

func.func @wrong_result(%x: tensor<?x8xf32>) -> tensor<?x9xf32> {
  // expected-error @below {{result 0 has type 'tensor<?x9xf32>', but the operands make it 'tensor<?x8xf32>'}}
  %r = onnx.Exp %x : (tensor<?x8xf32>) -> tensor<?x9xf32>
  return %r : tensor<?x9xf32>
}

// -----

// Constants take part with their values.
func.func @index(%x: tensor<8x2xf32>) -> tensor<2xf32> {
  %i = onnx.Constant dense<8> : tensor<i64>
  // expected-error @below {{Gather node: index 8 is out of range for axis 0, whose size is 8}}
  %r = onnx.Gather %x, %i {axis = 0 : i64} : (tensor<8x2xf32>, tensor<i64>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// -----

func.func @broadcast(%x: tensor<2x3xf32>, %y: tensor<4xf32>) -> tensor<2x3xf32> {
  // expected-error @below {{Mul node: the operands cannot be broadcast: the sizes of dimension 1 differ: 4 and 3}}
  %r = onnx.Mul %x, %y : (tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @permutation(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @below {{Transpose node: perm [1, 1] is no permutation of the 2 dimensions of the input}}
  %r = onnx.Transpose %x {perm = array<i64: 1, 1>} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

// -----

func.func @heads(%q: tensor<1x4x30xf32>) -> tensor<1x4x30xf32> {
  %none = onnx.None : none
  // expected-error @below {{Attention node: the width of operand 0 and a multiple of q_num_heads, 4 differ: 30 and 28}}
  %r = onnx.Attention %q, %q, %q, %none, %none, %none, %none {q_num_heads = 4 : i64, kv_num_heads = 4 : i64} : (tensor<1x4x30xf32>, tensor<1x4x30xf32>, tensor<1x4x30xf32>, none, none, none, none) -> tensor<1x4x30xf32>
  return %r : tensor<1x4x30xf32>
}
