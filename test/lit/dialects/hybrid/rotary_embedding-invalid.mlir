// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// rotary_embedding_c1
func.func @rotary_embedding_c1(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<5x4xf32>,
                               %sin: tensor<1x5x4xf32>,
                               %y: tensor<3x5x4x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op cos must have rank 3 [b, l, _], got 'tensor<5x4xf32>'}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<5x4xf32>, tensor<1x5x4xf32>)
      outs(%y : tensor<3x5x4x16xf32>) {rotary_dim = 8}
      -> tensor<3x5x4x16xf32>
  return
}

// -----

// rotary_embedding_c2
func.func @rotary_embedding_c2(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<1x5x4xf32>,
                               %sin: tensor<1x5x4xf32>,
                               %y: tensor<3x5x5x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op y dimension 2 (h): expected 4 as dimension 2 of input, got 5}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>)
      outs(%y : tensor<3x5x5x16xf32>) {rotary_dim = 8}
      -> tensor<3x5x5x16xf32>
  return
}

// -----

// rotary_embedding_c2
func.func @rotary_embedding_c2(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<1x5x4xf32>,
                               %sin: tensor<2x5x4xf32>,
                               %y: tensor<3x5x4x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op sin dimension 0 (b): expected 3 or 1 as dimension 0 of input, got 2}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<1x5x4xf32>, tensor<2x5x4xf32>)
      outs(%y : tensor<3x5x4x16xf32>) {rotary_dim = 8}
      -> tensor<3x5x4x16xf32>
  return
}

// -----

// rotary_embedding_c3
func.func @rotary_embedding_c3(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<1x5x4xf32>,
                               %sin: tensor<1x5x4xf32>,
                               %y: tensor<3x5x4x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op rotary_dim must be even, positive and at most d = 16, got 7}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>)
      outs(%y : tensor<3x5x4x16xf32>) {rotary_dim = 7}
      -> tensor<3x5x4x16xf32>
  return
}

// -----

// rotary_embedding_c3
func.func @rotary_embedding_c3(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<1x5x4xf32>,
                               %sin: tensor<1x5x4xf32>,
                               %y: tensor<3x5x4x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op rotary_dim must be even, positive and at most d = 16, got 18}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>)
      outs(%y : tensor<3x5x4x16xf32>) {rotary_dim = 18}
      -> tensor<3x5x4x16xf32>
  return
}

// -----

// rotary_embedding_c3
func.func @rotary_embedding_c3(%input: tensor<3x5x4x?xf32>,
                               %cos: tensor<1x5x4xf32>,
                               %sin: tensor<1x5x4xf32>,
                               %y: tensor<3x5x4x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op rotary_dim must be even, positive and at most d, got 0}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x?xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>)
      outs(%y : tensor<3x5x4x16xf32>) {rotary_dim = 0}
      -> tensor<3x5x4x16xf32>
  return
}

// -----

// rotary_embedding_c4
func.func @rotary_embedding_c4(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<1x5x8xf32>,
                               %sin: tensor<1x5x4xf32>,
                               %y: tensor<3x5x4x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op cos dimension 2: expected 4 (rotary_dim / 2), got 8}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<1x5x8xf32>, tensor<1x5x4xf32>)
      outs(%y : tensor<3x5x4x16xf32>) {rotary_dim = 8}
      -> tensor<3x5x4x16xf32>
  return
}

// -----

// rotary_embedding_c5
func.func @rotary_embedding_c5(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<1x5x4xf32>,
                               %sin: tensor<1x5x4xf32>,
                               %y: tensor<3x5x4x16xf16>) {
  // expected-error @below {{'hybrid.rotary_embedding' op y must have the element type of input: expected 'f32', got 'f16'}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>)
      outs(%y : tensor<3x5x4x16xf16>) {rotary_dim = 8}
      -> tensor<3x5x4x16xf16>
  return
}

// -----

// rotary_embedding_c6
func.func @rotary_embedding_c6(%input: tensor<3x5x4x16xf32>,
                               %cos: tensor<1x5x4xf32>,
                               %sin: tensor<1x5x4xf64>,
                               %y: tensor<3x5x4x16xf32>) {
  // expected-error @below {{'hybrid.rotary_embedding' op sin must have the element type of input or f32: expected 'f32' or f32, got 'f64'}}
  %0 = hybrid.rotary_embedding ins(%input, %cos, %sin : tensor<3x5x4x16xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf64>)
      outs(%y : tensor<3x5x4x16xf32>) {rotary_dim = 8}
      -> tensor<3x5x4x16xf32>
  return
}
