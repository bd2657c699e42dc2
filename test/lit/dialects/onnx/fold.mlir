// RUN: jarana-opt %s --canonicalize | FileCheck %s

// CHECK-LABEL: @cast_to_the_same_type
// CHECK-NEXT: return %arg0
func.func @cast_to_the_same_type(%x: tensor<?xf32>) -> tensor<?xf32> {
  %0 = onnx.Cast %x {to = f32} : (tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: @transpose_that_moves_nothing
// CHECK-NEXT: return %arg0
func.func @transpose_that_moves_nothing(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 0, 1>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// The type does not change here, the value does.
// CHECK-LABEL: @transpose_of_a_square
// CHECK: onnx.Transpose
func.func @transpose_of_a_square(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = onnx.Transpose %x {perm = array<i64: 1, 0>} : (tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// CHECK-LABEL: @equal_constants
// CHECK-COUNT-1: onnx.Constant
// CHECK-NOT: onnx.Constant
// CHECK: onnx.None
// CHECK-NOT: onnx.None
// CHECK: return
func.func @equal_constants(%x: tensor<4xf32>) -> tensor<4xf32> {
  %a = onnx.Constant dense<0.0> : tensor<f32>
  %b = onnx.Constant dense<0.0> : tensor<f32>
  %n = onnx.None : none
  %m = onnx.None : none
  %0 = onnx.Clip %x, %a, %n : (tensor<4xf32>, tensor<f32>, none) -> tensor<4xf32>
  %1 = onnx.Clip %0, %b, %m : (tensor<4xf32>, tensor<f32>, none) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: @unused
// CHECK-NEXT: return
func.func @unused(%x: tensor<4xf32>) {
  %0 = onnx.Exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return
}
