// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --mlir-print-op-generic | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --emit-bytecode | jarana-opt | FileCheck %s

// CHECK-LABEL: @elementwise
func.func @elementwise(%x: tensor<?x8xf32>, %y: tensor<8xf32>) -> tensor<?x8xi1> {
  // CHECK: onnx.Add %{{.*}}, %{{.*}} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %0 = onnx.Add %x, %y : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  // CHECK: onnx.Greater
  %1 = onnx.Greater %0, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xi1>
  return %1 : tensor<?x8xi1>
}

// CHECK-LABEL: @optional_operands
func.func @optional_operands(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[NONE:.*]] = onnx.None : none
  %none = onnx.None : none
  // CHECK: onnx.Constant dense<0.000000e+00> : tensor<f32>
  %low = onnx.Constant dense<0.0> : tensor<f32>
  // CHECK: onnx.Clip %{{.*}}, %{{.*}}, %[[NONE]] : (tensor<4xf32>, tensor<f32>, none) -> tensor<4xf32>
  %0 = onnx.Clip %x, %low, %none : (tensor<4xf32>, tensor<f32>, none) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// Attributes that have their default are not printed, and are there all the same.
// CHECK-LABEL: @attributes
func.func @attributes(%x: tensor<2x?xf32>) -> tensor<?x2xf16> {
  // CHECK: onnx.Softmax %{{[a-z0-9]*}} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %0 = onnx.Softmax %x {axis = -1 : i64} : (tensor<2x?xf32>) -> tensor<2x?xf32>
  // CHECK: onnx.Transpose %{{.*}} {perm = array<i64: 1, 0>}
  %1 = onnx.Transpose %0 {perm = array<i64: 1, 0>} : (tensor<2x?xf32>) -> tensor<?x2xf32>
  // CHECK: onnx.Cast %{{.*}} {to = f16}
  %2 = onnx.Cast %1 {to = f16} : (tensor<?x2xf32>) -> tensor<?x2xf16>
  return %2 : tensor<?x2xf16>
}

// CHECK-LABEL: @variadic
func.func @variadic(%x: tensor<2x8xf32>) -> (tensor<2x3xf32>, tensor<2x13xf32>) {
  %sizes = onnx.Constant dense<[3, 5]> : tensor<2xi64>
  // CHECK: onnx.Split {{.*}} : (tensor<2x8xf32>, tensor<2xi64>) -> (tensor<2x3xf32>, tensor<2x5xf32>)
  %0:2 = onnx.Split %x, %sizes {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2xi64>) -> (tensor<2x3xf32>, tensor<2x5xf32>)
  // CHECK: onnx.Concat %{{.*}}, %{{.*}} {axis = 1 : i64}
  %1 = onnx.Concat %x, %0#1 {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2x5xf32>) -> tensor<2x13xf32>
  return %0#0, %1 : tensor<2x3xf32>, tensor<2x13xf32>
}

// Results that may be absent are dropped at the end.
// CHECK-LABEL: @microsoft
func.func @microsoft(%x: tensor<1x?x64xf16>, %w: tensor<64xf16>) -> tensor<1x?x64xf16> {
  %none = onnx.None : none
  // CHECK: onnx.SkipSimplifiedLayerNormalization {{.*}} -> (tensor<1x?x64xf16>, tensor<1x?x1xf32>, tensor<1x?x1xf32>, tensor<1x?x64xf16>)
  %0:4 = onnx.SkipSimplifiedLayerNormalization %x, %x, %w, %none : (tensor<1x?x64xf16>, tensor<1x?x64xf16>, tensor<64xf16>, none) -> (tensor<1x?x64xf16>, tensor<1x?x1xf32>, tensor<1x?x1xf32>, tensor<1x?x64xf16>)
  // CHECK: onnx.SkipSimplifiedLayerNormalization {{.*}} -> tensor<1x?x64xf16>
  %1 = onnx.SkipSimplifiedLayerNormalization %0#3, %x, %w, %none : (tensor<1x?x64xf16>, tensor<1x?x64xf16>, tensor<64xf16>, none) -> tensor<1x?x64xf16>
  return %1 : tensor<1x?x64xf16>
}

// CHECK-LABEL: @quantized
func.func @quantized(%x: tensor<?x64xf32>, %codes: tensor<8x2x16xui8>, %scales: tensor<8x2xf32>) -> tensor<?x8xf32> {
  %none = onnx.None : none
  // CHECK: onnx.MatMulNBits {{.*}} {K = 64 : i64, N = 8 : i64, block_size = 32 : i64}
  %0 = onnx.MatMulNBits %x, %codes, %scales, %none, %none, %none {K = 64 : i64, N = 8 : i64, block_size = 32 : i64} : (tensor<?x64xf32>, tensor<8x2x16xui8>, tensor<8x2xf32>, none, none, none) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @scan
func.func @scan(%state: tensor<8xf32>, %x: tensor<?x8xf32>) -> (tensor<8xf32>, tensor<?x8xf32>) {
  // CHECK: onnx.Scan {{.*}}num_scan_inputs = 1
  %0:2 = onnx.Scan %state, %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 0>, scan_input_directions = array<i64: 0>, scan_output_axes = array<i64: 0>, scan_output_directions = array<i64: 0>} : (tensor<8xf32>, tensor<?x8xf32>) -> (tensor<8xf32>, tensor<?x8xf32>) {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<8xf32>, %{{.*}}: tensor<8xf32>):
  ^bb0(%sum: tensor<8xf32>, %row: tensor<8xf32>):
    %next = onnx.Add %sum, %row : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
    // CHECK: onnx.yield %{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>
    onnx.yield %next, %next : tensor<8xf32>, tensor<8xf32>
  }
  return %0#0, %0#1 : tensor<8xf32>, tensor<?x8xf32>
}

// CHECK-LABEL: @if
func.func @if(%c: tensor<i1>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: onnx.If %{{.*}} : (tensor<i1>) -> tensor<?x8xf32> {
  %0 = onnx.If %c : (tensor<i1>) -> tensor<?x8xf32> {
    // CHECK: onnx.yield %{{.*}} : tensor<?x8xf32>
    onnx.yield %x : tensor<?x8xf32>
  // CHECK: } else {
  } else {
    %1 = onnx.Neg %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
    onnx.yield %1 : tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: @loop
func.func @loop(%n: tensor<i64>, %c: tensor<i1>, %x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK: onnx.Loop %{{.*}} : (tensor<i64>, tensor<i1>, tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = onnx.Loop %n, %c, %x : (tensor<i64>, tensor<i1>, tensor<?x8xf32>) -> tensor<?x8xf32> {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<i1>, %{{.*}}: tensor<?x8xf32>):
  ^bb0(%i: tensor<i64>, %holds: tensor<i1>, %h: tensor<?x8xf32>):
    %next = onnx.Neg %h : (tensor<?x8xf32>) -> tensor<?x8xf32>
    onnx.yield %holds, %next : tensor<i1>, tensor<?x8xf32>
  }
  return %0 : tensor<?x8xf32>
}
