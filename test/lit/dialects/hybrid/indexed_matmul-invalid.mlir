// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// indexed_matmul_c1
func.func @indexed_matmul_c1(%x: tensor<5x64xf32>, %w: tensor<96x64xf32>, %chosen: tensor<5xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op weights must have rank 3 [e, n, k], got 'tensor<96x64xf32>'}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<96x64xf32>, tensor<5xi64>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c1
func.func @indexed_matmul_c1(%x: tensor<5x64xf32>, %w: tensor<4x96x64xf32>, %chosen: tensor<5x1xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op indices must have rank 1 [t], got 'tensor<5x1xi64>'}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<4x96x64xf32>, tensor<5x1xi64>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c2
func.func @indexed_matmul_c2(%x: tensor<5x64xf32>, %w: tensor<4x64x96xf32>, %chosen: tensor<5xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op weights dimension 2 (k): expected 64 as dimension 1 of lhs, got 96}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<4x64x96xf32>, tensor<5xi64>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c2
func.func @indexed_matmul_c2(%x: tensor<5x64xf32>, %w: tensor<4x96x64xf32>, %chosen: tensor<5xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op weights dimension 1 (k): expected 64 as dimension 1 of lhs, got 96}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<4x96x64xf32>, tensor<5xi64>)
      outs(%y : tensor<5x96xf32>) -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c2
func.func @indexed_matmul_c2(%x: tensor<5x64xf32>, %w: tensor<4x96x64xf32>, %chosen: tensor<6xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op indices dimension 0 (t): expected 5 as dimension 0 of lhs, got 6}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<4x96x64xf32>, tensor<6xi64>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c3
func.func @indexed_matmul_c3(%x: tensor<5x64xf32>, %w: tensor<?x96x64xf32>, %chosen: tensor<5xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op weights dimension 0 (e) must be known and positive, got 'tensor<?x96x64xf32>'}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<?x96x64xf32>, tensor<5xi64>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c3
func.func @indexed_matmul_c3(%x: tensor<5x64xf32>, %w: tensor<0x96x64xf32>, %chosen: tensor<5xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op weights dimension 0 (e) must be known and positive, got 'tensor<0x96x64xf32>'}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<0x96x64xf32>, tensor<5xi64>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c4
func.func @indexed_matmul_c4(%x: tensor<5x64xf32>, %w: tensor<4x96x64xf32>, %chosen: tensor<5xi64>, %y: tensor<5x96xf16>) {
  // expected-error @below {{'hybrid.indexed_matmul' op y must have the element type of lhs: expected 'f32', got 'f16'}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<4x96x64xf32>, tensor<5xi64>)
      outs(%y : tensor<5x96xf16>) {transposed} -> tensor<5x96xf16>
  return
}

// -----

// indexed_matmul_c4
func.func @indexed_matmul_c4(%x: tensor<5x64xf32>, %w: tensor<4x96x64xi8>, %chosen: tensor<5xi64>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op weights must have elements of f32, f16 or bf16, got 'i8'}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<4x96x64xi8>, tensor<5xi64>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}

// -----

// indexed_matmul_c5
func.func @indexed_matmul_c5(%x: tensor<5x64xf32>, %w: tensor<4x96x64xf32>, %chosen: tensor<5xi32>, %y: tensor<5x96xf32>) {
  // expected-error @below {{'hybrid.indexed_matmul' op indices must have elements of 'i64', got 'i32'}}
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x64xf32>, tensor<4x96x64xf32>, tensor<5xi32>)
      outs(%y : tensor<5x96xf32>) {transposed} -> tensor<5x96xf32>
  return
}
