// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// packed_matmul_c1
func.func @packed_matmul_c1(%lhs: tensor<1x5x64xf32>,
                            %panels: tensor<19x64x16xf32>,
                            %y: tensor<5x296xf32>) {
  // expected-error @below {{'hybrid.packed_matmul' op lhs must have rank 2 [m, k], got 'tensor<1x5x64xf32>'}}
  %0 = hybrid.packed_matmul ins(%lhs, %panels : tensor<1x5x64xf32>, tensor<19x64x16xf32>)
      outs(%y : tensor<5x296xf32>)
      -> tensor<5x296xf32>
  return
}

// -----

// packed_matmul_c2
func.func @packed_matmul_c2(%lhs: tensor<5x64xf32>,
                            %panels: tensor<19x32x16xf32>,
                            %y: tensor<5x296xf32>) {
  // expected-error @below {{'hybrid.packed_matmul' op panels dimension 1 (k): expected 64 as dimension 1 of lhs, got 32}}
  %0 = hybrid.packed_matmul ins(%lhs, %panels : tensor<5x64xf32>, tensor<19x32x16xf32>)
      outs(%y : tensor<5x296xf32>)
      -> tensor<5x296xf32>
  return
}

// -----

// packed_matmul_c3
func.func @packed_matmul_c3(%lhs: tensor<5x64xf32>,
                            %panels: tensor<19x64x?xf32>,
                            %y: tensor<5x296xf32>) {
  // expected-error @below {{'hybrid.packed_matmul' op panels dimension 2 (nr) must be known and positive, got 'tensor<19x64x?xf32>'}}
  %0 = hybrid.packed_matmul ins(%lhs, %panels : tensor<5x64xf32>, tensor<19x64x?xf32>)
      outs(%y : tensor<5x296xf32>)
      -> tensor<5x296xf32>
  return
}

// -----

// packed_matmul_c3
func.func @packed_matmul_c3(%lhs: tensor<5x64xf32>,
                            %panels: tensor<18x64x16xf32>,
                            %y: tensor<5x296xf32>) {
  // expected-error @below {{'hybrid.packed_matmul' op panels dimension 0: expected 19 (ceil(n / nr)), got 18}}
  %0 = hybrid.packed_matmul ins(%lhs, %panels : tensor<5x64xf32>, tensor<18x64x16xf32>)
      outs(%y : tensor<5x296xf32>)
      -> tensor<5x296xf32>
  return
}

// -----

// packed_matmul_c4
func.func @packed_matmul_c4(%lhs: tensor<5x64xf32>,
                            %panels: tensor<19x64x16xf32>,
                            %y: tensor<5x296xf16>) {
  // expected-error @below {{'hybrid.packed_matmul' op y must have the element type of lhs: expected 'f32', got 'f16'}}
  %0 = hybrid.packed_matmul ins(%lhs, %panels : tensor<5x64xf32>, tensor<19x64x16xf32>)
      outs(%y : tensor<5x296xf16>)
      -> tensor<5x296xf16>
  return
}

// -----

// packed_matmul_c4
func.func @packed_matmul_c4(%lhs: tensor<5x64xf32>,
                            %panels: tensor<19x64x16xi16>,
                            %y: tensor<5x296xf32>) {
  // expected-error @below {{'hybrid.packed_matmul' op panels must have elements of f32, f16, bf16 or i8, got 'i16'}}
  %0 = hybrid.packed_matmul ins(%lhs, %panels : tensor<5x64xf32>, tensor<19x64x16xi16>)
      outs(%y : tensor<5x296xf32>)
      -> tensor<5x296xf32>
  return
}
