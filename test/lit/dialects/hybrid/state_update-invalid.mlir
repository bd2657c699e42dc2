// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// state_update_c1
func.func @state_update_c1(%x: tensor<2x8x16xf32>,
                           %a: tensor<1x8xf32>,
                           %b: tensor<2x1x4xf32>,
                           %c: tensor<2x1x4xf32>,
                           %dt: tensor<2x1x8xf32>,
                           %y: tensor<2x1x8x16xf32>,
                           %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.state_update' op x must have rank 4 [b, g, r, p], got 'tensor<2x8x16xf32>'}}
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : tensor<2x8x16xf32>, tensor<1x8xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
      dt(%dt : tensor<2x1x8xf32>)
      outs(%y, %state : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// state_update_c1
func.func @state_update_c1(%x: tensor<2x1x8x16xf32>,
                           %a: tensor<8xf32>,
                           %b: tensor<2x1x4xf32>,
                           %c: tensor<2x1x4xf32>,
                           %dt: tensor<2x1x8xf32>,
                           %y: tensor<2x1x8x16xf32>,
                           %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.state_update' op a must have rank 3 [b, g, r], got 'tensor<8xf32>'}}
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : tensor<2x1x8x16xf32>, tensor<8xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
      dt(%dt : tensor<2x1x8xf32>)
      outs(%y, %state : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// state_update_c2
func.func @state_update_c2(%x: tensor<2x1x8x16xf32>,
                           %a: tensor<1x7xf32>,
                           %b: tensor<2x1x4xf32>,
                           %c: tensor<2x1x4xf32>,
                           %dt: tensor<2x1x8xf32>,
                           %y: tensor<2x1x8x16xf32>,
                           %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.state_update' op a dimension 1 (r): expected 8 as dimension 2 of x, got 7}}
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : tensor<2x1x8x16xf32>, tensor<1x7xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
      dt(%dt : tensor<2x1x8xf32>)
      outs(%y, %state : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// state_update_c2
func.func @state_update_c2(%x: tensor<2x1x8x16xf32>,
                           %a: tensor<1x8xf32>,
                           %b: tensor<2x1x4xf32>,
                           %c: tensor<2x1x4xf32>,
                           %dt: tensor<2x1x8xf32>,
                           %y: tensor<2x1x8x16xf32>,
                           %state: tensor<2x1x8x16x5xf32>) {
  // expected-error @below {{'hybrid.state_update' op state dimension 4 (n): expected 4 as dimension 2 of b, got 5}}
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : tensor<2x1x8x16xf32>, tensor<1x8xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
      dt(%dt : tensor<2x1x8xf32>)
      outs(%y, %state : tensor<2x1x8x16xf32>, tensor<2x1x8x16x5xf32>)
      -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x5xf32>
  return
}

// -----

// state_update_c3
func.func @state_update_c3(%x: tensor<2x1x8x16xf32>,
                           %a: tensor<1x8xf32>,
                           %b: tensor<2x1x4xf32>,
                           %c: tensor<2x1x4xf16>,
                           %dt: tensor<2x1x8xf32>,
                           %y: tensor<2x1x8x16xf32>,
                           %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.state_update' op c must have the element type of x: expected 'f32', got 'f16'}}
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : tensor<2x1x8x16xf32>, tensor<1x8xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf16>)
      dt(%dt : tensor<2x1x8xf32>)
      outs(%y, %state : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// state_update_c4
func.func @state_update_c4(%x: tensor<2x1x8x16xf32>,
                           %a: tensor<1x8xbf16>,
                           %b: tensor<2x1x4xf32>,
                           %c: tensor<2x1x4xf32>,
                           %dt: tensor<2x1x8xf32>,
                           %y: tensor<2x1x8x16xf32>,
                           %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.state_update' op a must have the element type of x or f32: expected 'f32' or f32, got 'bf16'}}
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : tensor<2x1x8x16xf32>, tensor<1x8xbf16>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
      dt(%dt : tensor<2x1x8xf32>)
      outs(%y, %state : tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}
