// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// quantized_matmul_c1
func.func @quantized_matmul_c1(%lhs: tensor<f32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op lhs must have rank 1 to 10, got 'tensor<f32>'}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<f32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c1
func.func @quantized_matmul_c1(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<72xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op scales must have rank 2 [n, q], got 'tensor<72xf32>'}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<72xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c1
func.func @quantized_matmul_c1(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x1x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op y must have rank 2 [_, n], got 'tensor<5x1x24xf32>'}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x1x24xf32>) {bits = 4, block = 32}
      -> tensor<5x1x24xf32>
  return
}

// -----

// quantized_matmul_c2
func.func @quantized_matmul_c2(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x2xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op scales dimension 1 (q): expected 3 as dimension 1 of codes, got 2}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x2xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c2
func.func @quantized_matmul_c2(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x25xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op y dimension 1 (n): expected 24 as dimension 0 of codes, got 25}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x25xf32>) {bits = 4, block = 32}
      -> tensor<5x25xf32>
  return
}

// -----

// quantized_matmul_c3
func.func @quantized_matmul_c3(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op bits must be 4 or 8, got 2}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 2, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c3
func.func @quantized_matmul_c3(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op block must be positive and fill whole bytes, got 31}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 31}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c4
func.func @quantized_matmul_c4(%lhs: tensor<5x97xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op codes dimension 1: expected 4 (ceil(k / block)), got 3}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x97xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c4
func.func @quantized_matmul_c4(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op codes dimension 2: expected 32 (block * bits / 8), got 16}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 8, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c4
func.func @quantized_matmul_c4(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x3xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op zero_points dimension 1: expected 2 (ceil(q * bits / 8)), got 3}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x3xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c5
func.func @quantized_matmul_c5(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf16>) {
  // expected-error @below {{'hybrid.quantized_matmul' op y must have the element type of lhs: expected 'f32', got 'f16'}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf16>) {bits = 4, block = 32}
      -> tensor<5x24xf16>
  return
}

// -----

// quantized_matmul_c6
func.func @quantized_matmul_c6(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf16>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op scales must have the element type of lhs or f32: expected 'f32' or f32, got 'f16'}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf16>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c7
func.func @quantized_matmul_c7(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi4>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xi8>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op codes must have elements of 'i8', got 'i4'}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi4>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}

// -----

// quantized_matmul_c7
func.func @quantized_matmul_c7(%lhs: tensor<5x80xf32>,
                               %codes: tensor<24x3x16xi8>,
                               %scales: tensor<24x3xf32>,
                               %zeros: tensor<24x2xf32>,
                               %y: tensor<5x24xf32>) {
  // expected-error @below {{'hybrid.quantized_matmul' op zero_points must have elements of 'i8', got 'f32'}}
  %0 = hybrid.quantized_matmul ins(%lhs, %codes, %scales : tensor<5x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xf32>)
      outs(%y : tensor<5x24xf32>) {bits = 4, block = 32}
      -> tensor<5x24xf32>
  return
}
