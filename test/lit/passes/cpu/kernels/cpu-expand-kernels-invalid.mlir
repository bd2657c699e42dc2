// RUN: jarana-opt %s --cpu-expand-kernels=vector-bits=512 --split-input-file --verify-diagnostics
// RUN: not jarana-opt %s --cpu-expand-kernels=vector-bits=100 2>&1 | FileCheck %s

// CHECK: error: vector-bits must be 128, 256 or 512, not 100

func.func @strided(%x: memref<2x8xf32, strided<[1, 2]>>, %y: memref<2x8xf32>) {
  // expected-error@+1 {{has a buffer that is not contiguous along its last dimension: 'memref<2x8xf32, strided<[1, 2]>>'}}
  hybrid.rms_norm ins(%x : memref<2x8xf32, strided<[1, 2]>>) outs(%y : memref<2x8xf32>) {epsilon = 1.0e-5 : f32}
  return
}

// -----

func.func @unknown_width(%x: memref<2x?x48xf32>, %w: memref<48x?xf32>, %y: memref<2x?x48xf32>, %s: memref<2x?x48xf32>) {
  // expected-error@+1 {{has no kernel for rows, a convolution, or a head of unknown width}}
  hybrid.causal_conv1d ins(%x, %w : memref<2x?x48xf32>, memref<48x?xf32>) outs(%y, %s : memref<2x?x48xf32>, memref<2x?x48xf32>)
  return
}
