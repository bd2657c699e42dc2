// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Comparisons of unsigned integers are unsigned.
// CHECK-LABEL: func.func @unsigned
// CHECK: arith.cmpi ult
func.func @unsigned(%x: tensor<4xui8> {onnx.name = "x", onnx.dims = ["4"]}, %y: tensor<4xui8> {onnx.name = "y", onnx.dims = ["4"]}) -> (tensor<4xi1> {onnx.name = "z"}) {
  %0 = onnx.Less %x, %y : (tensor<4xui8>, tensor<4xui8>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}

// -----

// CHECK-LABEL: func.func @where
// CHECK: arith.select
func.func @where(%c: tensor<?x1xi1> {onnx.name = "c", onnx.dims = ["n", "1"]}, %x: tensor<?x4xf16> {onnx.name = "x", onnx.dims = ["n", "4"]}) -> (tensor<?x4xf16> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0.0> : tensor<f16>
  %0 = onnx.Where %c, %x, %zero : (tensor<?x1xi1>, tensor<?x4xf16>, tensor<f16>) -> tensor<?x4xf16>
  return %0 : tensor<?x4xf16>
}

// -----

// A NaN is true.
// CHECK-LABEL: func.func @boolean
// CHECK: arith.cmpf une
func.func @boolean(%x: tensor<4xf32> {onnx.name = "x", onnx.dims = ["4"]}) -> (tensor<4xi1> {onnx.name = "y"}) {
  %0 = onnx.Cast %x {to = i1, round_mode = "up", saturate = 1 : i64} : (tensor<4xf32>) -> tensor<4xi1>
  return %0 : tensor<4xi1>
}
