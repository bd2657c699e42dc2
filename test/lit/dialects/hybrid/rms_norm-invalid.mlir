// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// rms_norm_c1
func.func @rms_norm_c1(%input: tensor<f32>,
                       %weight: tensor<16xf32>,
                       %y: tensor<f32>) {
  // expected-error @below {{'hybrid.rms_norm' op input must have rank 1 to 10, got 'tensor<f32>'}}
  %0 = hybrid.rms_norm ins(%input : tensor<f32>)
      weight(%weight : tensor<16xf32>)
      outs(%y : tensor<f32>) {epsilon = 0.0 : f32}
      -> tensor<f32>
  return
}

// -----

// rms_norm_c1
func.func @rms_norm_c1(%input: tensor<1x1x1x1x1x1x1x1x1x1x8xf32>,
                       %weight: tensor<16xf32>,
                       %gate: tensor<3x5x16xf32>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op input must have rank 1 to 10, got 'tensor<1x1x1x1x1x1x1x1x1x1x8xf32>'}}
  %0 = hybrid.rms_norm ins(%input : tensor<1x1x1x1x1x1x1x1x1x1x8xf32>)
      weight(%weight : tensor<16xf32>)
      gate(%gate : tensor<3x5x16xf32>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = 0.0 : f32}
      -> tensor<3x5x16xf32>
  return
}

// -----

// rms_norm_c1
func.func @rms_norm_c1(%input: tensor<3x5x16xf32>,
                       %weight: tensor<1x16xf32>,
                       %gate: tensor<3x5x16xf32>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op weight must have rank 1 [n], got 'tensor<1x16xf32>'}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<1x16xf32>)
      gate(%gate : tensor<3x5x16xf32>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = 0.0 : f32}
      -> tensor<3x5x16xf32>
  return
}

// -----

// rms_norm_c2
func.func @rms_norm_c2(%input: tensor<3x5x16xf32>,
                       %weight: tensor<8xf32>,
                       %gate: tensor<3x5x16xf32>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op weight dimension 0 (n): expected 16 as dimension 2 of input, got 8}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<8xf32>)
      gate(%gate : tensor<3x5x16xf32>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = 0.0 : f32}
      -> tensor<3x5x16xf32>
  return
}

// -----

// rms_norm_c2
func.func @rms_norm_c2(%input: tensor<3x5x16xf32>,
                       %weight: tensor<16xf32>,
                       %gate: tensor<3x4x16xf32>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op gate dimension 1: expected 5 as dimension 1 of input, got 4}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<16xf32>)
      gate(%gate : tensor<3x4x16xf32>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = 0.0 : f32}
      -> tensor<3x5x16xf32>
  return
}

// -----

// rms_norm_c3
func.func @rms_norm_c3(%input: tensor<3x5x16xf32>,
                       %weight: tensor<16xf32>,
                       %gate: tensor<3x5x16xf32>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op groups must be positive and divide n = 16, got 3}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<16xf32>)
      gate(%gate : tensor<3x5x16xf32>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = 0.0 : f32, groups = 3}
      -> tensor<3x5x16xf32>
  return
}

// -----

// rms_norm_c3
func.func @rms_norm_c3(%input: tensor<3x5x16xf32>,
                       %weight: tensor<16xf32>,
                       %gate: tensor<3x5x16xf32>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op groups must be positive and divide n = 16, got 0}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<16xf32>)
      gate(%gate : tensor<3x5x16xf32>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = 0.0 : f32, groups = 0}
      -> tensor<3x5x16xf32>
  return
}

// -----

// rms_norm_c4
func.func @rms_norm_c4(%input: tensor<3x5x16xf32>,
                       %weight: tensor<16xf32>,
                       %gate: tensor<3x5x16xf32>,
                       %y: tensor<3x5x16xf16>) {
  // expected-error @below {{'hybrid.rms_norm' op y must have the element type of input: expected 'f32', got 'f16'}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<16xf32>)
      gate(%gate : tensor<3x5x16xf32>)
      outs(%y : tensor<3x5x16xf16>) {epsilon = 0.0 : f32}
      -> tensor<3x5x16xf16>
  return
}

// -----

// rms_norm_c5
func.func @rms_norm_c5(%input: tensor<3x5x16xf32>,
                       %weight: tensor<16xf32>,
                       %gate: tensor<3x5x16xbf16>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op gate must have the element type of input or f32: expected 'f32' or f32, got 'bf16'}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<16xf32>)
      gate(%gate : tensor<3x5x16xbf16>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = 0.0 : f32}
      -> tensor<3x5x16xf32>
  return
}

// -----

// rms_norm_c6
func.func @rms_norm_c6(%input: tensor<3x5x16xf32>,
                       %weight: tensor<16xf32>,
                       %gate: tensor<3x5x16xf32>,
                       %y: tensor<3x5x16xf32>) {
  // expected-error @below {{'hybrid.rms_norm' op epsilon must not be negative, got -1.000000e+00}}
  %0 = hybrid.rms_norm ins(%input : tensor<3x5x16xf32>)
      weight(%weight : tensor<16xf32>)
      gate(%gate : tensor<3x5x16xf32>)
      outs(%y : tensor<3x5x16xf32>) {epsilon = -1.0 : f32}
      -> tensor<3x5x16xf32>
  return
}
