// RUN: jarana-opt %s --recognise-operators=only=softplus --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=softplus --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @threshold
// CHECK: %[[Y:.*]] = onnx.Softplus %arg0
// CHECK-NEXT: return %[[Y]]
func.func @threshold(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %t = onnx.Constant dense<2.0e+01> : tensor<f32>
  %0 = onnx.Softplus %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Greater %x, %t : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %2 = onnx.Where %1, %x, %0 : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// -----

// PyTorch's beta of 1, as a factor and a divisor.
// CHECK-LABEL: func.func @beta
// CHECK: %[[Y:.*]] = onnx.Softplus %arg0
// CHECK-NEXT: return %[[Y]]
func.func @beta(%x: tensor<?x8xbf16> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xbf16> {onnx.name = "y"}) {
  %t = onnx.Constant dense<2.0e+01> : tensor<bf16>
  %wide = onnx.Constant dense<1.0> : tensor<f32>
  %one = onnx.Cast %wide {to = bf16} : (tensor<f32>) -> tensor<bf16>
  %0 = onnx.Mul %x, %one : (tensor<?x8xbf16>, tensor<bf16>) -> tensor<?x8xbf16>
  %1 = onnx.Softplus %0 : (tensor<?x8xbf16>) -> tensor<?x8xbf16>
  %2 = onnx.Div %1, %one : (tensor<?x8xbf16>, tensor<bf16>) -> tensor<?x8xbf16>
  %3 = onnx.Greater %0, %t : (tensor<?x8xbf16>, tensor<bf16>) -> tensor<?x8xi1>
  %4 = onnx.Where %3, %x, %2 : (tensor<?x8xi1>, tensor<?x8xbf16>, tensor<?x8xbf16>) -> tensor<?x8xbf16>
  return %4 : tensor<?x8xbf16>
}

// -----

// Below 20 the linear branch is another function.
// CHECK-LABEL: module attributes {onnx.declined = [{kind = "softplus"
// CHECK-SAME: reason = "its linear branch begins at 2.000000"
// CHECK: onnx.Where
module {
func.func @early(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %t = onnx.Constant dense<2.0> : tensor<f32>
  %0 = onnx.Softplus %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Greater %x, %t : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %2 = onnx.Where %1, %x, %0 : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}
}

// -----

// The branches the other way round.
// CHECK-LABEL: func.func @crossed
// CHECK: onnx.Where
func.func @crossed(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %t = onnx.Constant dense<2.0e+01> : tensor<f32>
  %0 = onnx.Softplus %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Greater %x, %t : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xi1>
  %2 = onnx.Where %1, %0, %x : (tensor<?x8xi1>, tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}
