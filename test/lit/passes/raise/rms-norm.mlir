// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @norm
// CHECK: hybrid.rms_norm ins(%arg0 : tensor<?x3x8xf16>) weight(%arg1 : tensor<8xf16>) outs({{.*}}) {epsilon = 9.99999974E-6 : f32}
func.func @norm(%x: tensor<?x3x8xf16> {onnx.name = "x", onnx.dims = ["n", "3", "8"]}, %w: tensor<8xf16> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<?x3x8xf16> {onnx.name = "y"}) {
  %0 = onnx.RMSNormalization %x, %w {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<?x3x8xf16>, tensor<8xf16>) -> tensor<?x3x8xf16>
  return %0 : tensor<?x3x8xf16>
}

// -----

// Over two dimensions: one row each.
// CHECK-LABEL: func.func @two
// CHECK: tensor.collapse_shape %arg0 {{\[\[}}0], [1, 2]]
// CHECK: hybrid.rms_norm ins(%{{.*}} : tensor<4x24xf32>) weight(%{{.*}} : tensor<24xf32>)
func.func @two(%x: tensor<4x3x8xf32> {onnx.name = "x", onnx.dims = ["4", "3", "8"]}, %w: tensor<3x8xf32> {onnx.name = "w", onnx.dims = ["3", "8"]}) -> (tensor<4x3x8xf32> {onnx.name = "y"}) {
  %0 = onnx.RMSNormalization %x, %w {axis = 1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<4x3x8xf32>, tensor<3x8xf32>) -> tensor<4x3x8xf32>
  return %0 : tensor<4x3x8xf32>
}

// -----

// Results 0 and 3 are used: the norm and the sum.
// CHECK-LABEL: func.func @skip
// CHECK: %[[SUM:.*]] = linalg.generic
// CHECK: %[[NORM:.*]] = hybrid.rms_norm ins(%[[SUM]]
// CHECK: return %[[NORM]], %[[SUM]]
func.func @skip(%x: tensor<1x?x8xf32> {onnx.name = "x", onnx.dims = ["1", "l", "8"]}, %s: tensor<1x?x8xf32> {onnx.name = "s", onnx.dims = ["1", "l", "8"]},
    %w: tensor<8xf32> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<1x?x8xf32> {onnx.name = "y"}, tensor<1x?x8xf32> {onnx.name = "sum"}) {
  %none = onnx.None : none
  %0:4 = onnx.SkipSimplifiedLayerNormalization %x, %s, %w, %none {epsilon = 1.0e-5 : f32}
      : (tensor<1x?x8xf32>, tensor<1x?x8xf32>, tensor<8xf32>, none) -> (tensor<1x?x8xf32>, tensor<1x?x1xf32>, tensor<1x?x1xf32>, tensor<1x?x8xf32>)
  return %0#0, %0#3 : tensor<1x?x8xf32>, tensor<1x?x8xf32>
}
