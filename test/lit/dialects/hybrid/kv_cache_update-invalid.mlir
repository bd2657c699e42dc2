// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// kv_cache_update_c1
func.func @kv_cache_update_c1(%new: tensor<3x2x16xf32>,
                              %position: tensor<3xi64>,
                              %cache: tensor<3x2x64x16xf32>) {
  // expected-error @below {{'hybrid.kv_cache_update' op new_values must have rank 4 [b, h, l, d], got 'tensor<3x2x16xf32>'}}
  %0 = hybrid.kv_cache_update ins(%new, %position : tensor<3x2x16xf32>, tensor<3xi64>)
      outs(%cache : tensor<3x2x64x16xf32>)
      -> tensor<3x2x64x16xf32>
  return
}

// -----

// kv_cache_update_c2
func.func @kv_cache_update_c2(%new: tensor<3x2x4x16xf32>,
                              %position: tensor<3xi64>,
                              %cache: tensor<3x2x64x8xf32>) {
  // expected-error @below {{'hybrid.kv_cache_update' op cache dimension 3 (d): expected 16 as dimension 3 of new_values, got 8}}
  %0 = hybrid.kv_cache_update ins(%new, %position : tensor<3x2x4x16xf32>, tensor<3xi64>)
      outs(%cache : tensor<3x2x64x8xf32>)
      -> tensor<3x2x64x8xf32>
  return
}

// -----

// kv_cache_update_c2
func.func @kv_cache_update_c2(%new: tensor<3x2x4x16xf32>,
                              %position: tensor<1xi64>,
                              %cache: tensor<3x2x64x16xf32>) {
  // expected-error @below {{'hybrid.kv_cache_update' op position dimension 0 (b): expected 3 as dimension 0 of new_values, got 1}}
  %0 = hybrid.kv_cache_update ins(%new, %position : tensor<3x2x4x16xf32>, tensor<1xi64>)
      outs(%cache : tensor<3x2x64x16xf32>)
      -> tensor<3x2x64x16xf32>
  return
}

// -----

// kv_cache_update_c3
func.func @kv_cache_update_c3(%new: tensor<3x2x4x16xf32>,
                              %position: tensor<3xi64>,
                              %cache: tensor<3x2x64x16xf16>) {
  // expected-error @below {{'hybrid.kv_cache_update' op cache must have the element type of new_values: expected 'f32', got 'f16'}}
  %0 = hybrid.kv_cache_update ins(%new, %position : tensor<3x2x4x16xf32>, tensor<3xi64>)
      outs(%cache : tensor<3x2x64x16xf16>)
      -> tensor<3x2x64x16xf16>
  return
}

// -----

// kv_cache_update_c4
func.func @kv_cache_update_c4(%new: tensor<3x2x4x16xf32>,
                              %position: tensor<3xindex>,
                              %cache: tensor<3x2x64x16xf32>) {
  // expected-error @below {{'hybrid.kv_cache_update' op position must have elements of 'i64', got 'index'}}
  %0 = hybrid.kv_cache_update ins(%new, %position : tensor<3x2x4x16xf32>, tensor<3xindex>)
      outs(%cache : tensor<3x2x64x16xf32>)
      -> tensor<3x2x64x16xf32>
  return
}

// -----

// kv_cache_update_c5
func.func @kv_cache_update_c5(%new: tensor<3x2x4x16xf32>,
                              %position: tensor<3xi64>,
                              %cache: tensor<3x2x3x16xf32>) {
  // expected-error @below {{'hybrid.kv_cache_update' op new_values dimension 2 (l): expected at most 3 as dimension 2 of cache, got 4}}
  %0 = hybrid.kv_cache_update ins(%new, %position : tensor<3x2x4x16xf32>, tensor<3xi64>)
      outs(%cache : tensor<3x2x3x16xf32>)
      -> tensor<3x2x3x16xf32>
  return
}
