// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// online_attention_c1
func.func @online_attention_c1(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op key must have rank 4 [b, h, s, d], got 'tensor<3x9x16xf32>'}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c1
func.func @online_attention_c1(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3x1xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op query_offset must have rank 1 [b], got 'tensor<3x1xi64>'}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3x1xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c2
func.func @online_attention_c2(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x8xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op key dimension 3 (d): expected 16 as dimension 4 of query, got 8}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x8xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c2
func.func @online_attention_c2(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x7x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op value dimension 2 (s): expected 9 as dimension 2 of key, got 7}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x7x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c2
func.func @online_attention_c2(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x2x2x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op bias dimension 2 (r): expected 4 or 1 as dimension 2 of query, got 2}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x2x2x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c2: keys are not broadcast
func.func @online_attention_c2(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x1xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op bias dimension 4 (s): expected 9 as dimension 2 of key, got 1}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x1xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c2
func.func @online_attention_c2(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<2xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op query_offset dimension 0 (b): expected 3 as dimension 0 of query, got 2}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<2xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c3
func.func @online_attention_c3(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf16>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op value must have the element type of query: expected 'f32', got 'f16'}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf16>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c4: a mask of booleans is made a bias first
func.func @online_attention_c4(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xi1>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op bias must have the element type of query or f32: expected 'f32' or f32, got 'i1'}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xi1>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c5
func.func @online_attention_c5(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi32>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op query_offset must have elements of 'i64', got 'i32'}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi32>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c6
func.func @online_attention_c6(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op softcap must not be negative, got -1.000000e+00}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32, softcap = -1.0 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c2
func.func @online_attention_c2(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x6xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op max dimension 3 (m): expected 5 as dimension 3 of query, got 6}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x6xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x6xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c7
func.func @online_attention_c7(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf16>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op acc must have elements of 'f32', got 'f16'}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf16>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf16>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c7
func.func @online_attention_c7(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %bias: tensor<3x1x1x5x9xf32>,
                               %offset: tensor<3xi64>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf64>) {
  // expected-error @below {{'hybrid.online_attention' op sum must have elements of 'f32', got 'f64'}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      bias(%bias : tensor<3x1x1x5x9xf32>)
      query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf64>) {scale = 0.25 : f32}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf64>
  return
}

// -----

// online_attention_c8
func.func @online_attention_c8(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op window must not be negative, got -2}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32, mask = #hybrid.mask<causal>, window = -2}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}

// -----

// online_attention_c8
func.func @online_attention_c8(%query: tensor<3x2x4x5x16xf32>,
                               %key: tensor<3x2x9x16xf32>,
                               %value: tensor<3x2x9x8xf32>,
                               %acc: tensor<3x2x4x5x8xf32>,
                               %max: tensor<3x2x4x5xf32>,
                               %sum: tensor<3x2x4x5xf32>) {
  // expected-error @below {{'hybrid.online_attention' op window must be 0 without a causal mask, got 3}}
  %0:3 = hybrid.online_attention ins(%query, %key, %value : tensor<3x2x4x5x16xf32>, tensor<3x2x9x16xf32>, tensor<3x2x9x8xf32>)
      outs(%acc, %max, %sum : tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>) {scale = 0.25 : f32, window = 3}
      -> tensor<3x2x4x5x8xf32>, tensor<3x2x4x5xf32>, tensor<3x2x4x5xf32>
  return
}
