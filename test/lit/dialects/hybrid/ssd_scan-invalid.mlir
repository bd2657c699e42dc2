// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// ssd_scan_c1
func.func @ssd_scan_c1(%x: tensor<2x9x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op x must have rank 5 [b, l, g, r, p], got 'tensor<2x9x8x16xf32>'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c1: a that is neither per head nor per position
func.func @ssd_scan_c1(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op a must have rank 4 [b, l, g, r], got 'tensor<8xf32>'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c1
func.func @ssd_scan_c1(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op state must have rank 5 [b, g, r, p, n], got 'tensor<1x8x16x4xf32>'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c2
func.func @ssd_scan_c2(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x7xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op dt dimension 3 (r): expected 8 as dimension 3 of x, got 7}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x7xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c2
func.func @ssd_scan_c2(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x8x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op b dimension 1 (l): expected 9 as dimension 1 of x, got 8}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x8x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c2
func.func @ssd_scan_c2(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x5xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op c dimension 3 (n): expected 4 as dimension 3 of b, got 5}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x5xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c2: groups are never expanded to heads
func.func @ssd_scan_c2(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x8x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op b dimension 2 (g): expected 1 as dimension 2 of x, got 8}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x8x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c2: a state the other way round
func.func @ssd_scan_c2(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x4x16xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op state dimension 3 (p): expected 16 as dimension 4 of x, got 4}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x4x16xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x4x16xf32>
  return
}

// -----

// ssd_scan_c3
func.func @ssd_scan_c3(%x: tensor<2x9x1x8x16xf64>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op x must have elements of f32, f16 or bf16, got 'f64'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf64>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c3
func.func @ssd_scan_c3(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xbf16>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op b must have the element type of x: expected 'f32', got 'bf16'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xbf16>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c3
func.func @ssd_scan_c3(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf16>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op y must have the element type of x: expected 'f32', got 'f16'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf16>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf16>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c4
func.func @ssd_scan_c4(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf16>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op dt must have the element type of x or f32: expected 'f32' or f32, got 'f16'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf16>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// ssd_scan_c4
func.func @ssd_scan_c4(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf64>) {
  // expected-error @below {{'hybrid.ssd_scan' op state must have the element type of x or f32: expected 'f32' or f32, got 'f64'}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf64>)
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf64>
  return
}

// -----

// ssd_scan_c5
func.func @ssd_scan_c5(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op chunk must be positive, got 0}}
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {chunk = 0}
      -> tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return
}

// -----

// destination: of every compute op
func.func @destination(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: memref<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op operands must be all tensors or all memrefs: x is 'tensor<2x9x1x8x16xf32>', state is 'memref<2x1x8x16x4xf32>'}}
  %0 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, memref<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>
  return
}

// -----

// destination: of every compute op
func.func @destination(%x: tensor<2x9x1x8x16xf32>,
                       %a: tensor<1x8xf32>,
                       %b: tensor<2x9x1x4xf32>,
                       %c: tensor<2x9x1x4xf32>,
                       %dt: tensor<2x9x1x8xf32>,
                       %y: tensor<2x9x1x8x16xf32>,
                       %state: tensor<2x1x8x16x4xf32>) {
  // expected-error @below {{'hybrid.ssd_scan' op results must have the types of the tensor inits: expected ('tensor<2x9x1x8x16xf32>', 'tensor<2x1x8x16x4xf32>'), got ('tensor<2x9x1x8x16xf32>')}}
  %0 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x9x1x8x16xf32>, tensor<1x8xf32>, tensor<2x9x1x4xf32>, tensor<2x9x1x4xf32>)
      dt(%dt : tensor<2x9x1x8xf32>)
      outs(%y, %state : tensor<2x9x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xf32>
  return
}
