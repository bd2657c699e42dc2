// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// causal_conv1d_c1
func.func @causal_conv1d_c1(%input: tensor<2x9x6xf32>,
                            %weight: tensor<6x1x4xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x3x6xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op weight must have rank 2 [c, k], got 'tensor<6x1x4xf32>'}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<6x1x4xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x3x6xf32>)
      -> tensor<2x9x6xf32>, tensor<2x3x6xf32>
  return
}

// -----

// causal_conv1d_c1
func.func @causal_conv1d_c1(%input: tensor<2x9x6xf32>,
                            %weight: tensor<6x4xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<3x6xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op state must have rank 3 [b, _, c], got 'tensor<3x6xf32>'}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<6x4xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<3x6xf32>)
      -> tensor<2x9x6xf32>, tensor<3x6xf32>
  return
}

// -----

// causal_conv1d_c2
func.func @causal_conv1d_c2(%input: tensor<2x9x6xf32>,
                            %weight: tensor<7x4xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x3x6xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op weight dimension 0 (c): expected 6 as dimension 2 of input, got 7}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<7x4xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x3x6xf32>)
      -> tensor<2x9x6xf32>, tensor<2x3x6xf32>
  return
}

// -----

// causal_conv1d_c2: channels come last
func.func @causal_conv1d_c2(%input: tensor<2x9x6xf32>,
                            %weight: tensor<6x4xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x3x3xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op state dimension 2 (c): expected 6 as dimension 2 of input, got 3}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<6x4xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x3x3xf32>)
      -> tensor<2x9x6xf32>, tensor<2x3x3xf32>
  return
}

// -----

// causal_conv1d_c3
func.func @causal_conv1d_c3(%input: tensor<2x9x6xf32>,
                            %weight: tensor<6x4xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x4x6xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op state dimension 1: expected 3 (k - 1), got 4}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<6x4xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x4x6xf32>)
      -> tensor<2x9x6xf32>, tensor<2x4x6xf32>
  return
}

// -----

// causal_conv1d_c3
func.func @causal_conv1d_c3(%input: tensor<2x9x6xf32>,
                            %weight: tensor<6x0xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x3x6xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op weight dimension 1 (k) must be positive, got 0}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<6x0xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x3x6xf32>)
      -> tensor<2x9x6xf32>, tensor<2x3x6xf32>
  return
}

// -----

// causal_conv1d_c4
func.func @causal_conv1d_c4(%input: tensor<2x9x6xf32>,
                            %weight: tensor<6x4xf32>,
                            %bias: tensor<6xf16>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x3x6xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op bias must have the element type of input: expected 'f32', got 'f16'}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<6x4xf32>)
      bias(%bias : tensor<6xf16>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x3x6xf32>)
      -> tensor<2x9x6xf32>, tensor<2x3x6xf32>
  return
}

// -----

// causal_conv1d_c4
func.func @causal_conv1d_c4(%input: tensor<2x9x6xi32>,
                            %weight: tensor<6x4xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x3x6xf32>) {
  // expected-error @below {{'hybrid.causal_conv1d' op input must have elements of f32, f16 or bf16, got 'i32'}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xi32>, tensor<6x4xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x3x6xf32>)
      -> tensor<2x9x6xf32>, tensor<2x3x6xf32>
  return
}

// -----

// causal_conv1d_c4
func.func @causal_conv1d_c4(%input: tensor<2x9x6xf32>,
                            %weight: tensor<6x4xf32>,
                            %bias: tensor<6xf32>,
                            %y: tensor<2x9x6xf32>,
                            %state: tensor<2x3x6xbf16>) {
  // expected-error @below {{'hybrid.causal_conv1d' op state must have the element type of input or f32: expected 'f32' or f32, got 'bf16'}}
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<2x9x6xf32>, tensor<6x4xf32>)
      bias(%bias : tensor<6xf32>)
      outs(%y, %state : tensor<2x9x6xf32>, tensor<2x3x6xbf16>)
      -> tensor<2x9x6xf32>, tensor<2x3x6xbf16>
  return
}
