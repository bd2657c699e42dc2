// RUN: jarana-opt %s --raise-onnx --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Broadcasting is in the indexing maps; the dimensions are read at the entry.
// CHECK-DAG: #[[$WHOLE:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[$ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @add
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32> {hybrid.dims = ["n", "4"], hybrid.dtype = "float32", hybrid.name = "x"}
// CHECK: %[[N:.*]] = tensor.dim %[[X]]
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N]]) : tensor<?x4xf32>
// CHECK: linalg.generic {indexing_maps = [#[[$WHOLE]], #[[$ROW]], #[[$WHOLE]]], iterator_types = ["parallel", "parallel"]}
// CHECK: arith.addf
func.func @add(%x: tensor<?x4xf32> {onnx.name = "x", onnx.dims = ["n", "4"]}, %y: tensor<4xf32> {onnx.name = "y", onnx.dims = ["4"]})
    -> (tensor<?x4xf32> {onnx.name = "z"}) {
  %0 = onnx.Add %x, %y : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// Narrow floats are computed in f32 and rounded once.
// CHECK-LABEL: func.func @narrow
// CHECK: arith.extf %{{.*}} : f16 to f32
// CHECK: math.exp %{{.*}} : f32
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @narrow(%x: tensor<3xf16> {onnx.name = "x", onnx.dims = ["3"]}) -> (tensor<3xf16> {onnx.name = "y"}) {
  %0 = onnx.Exp %x : (tensor<3xf16>) -> tensor<3xf16>
  return %0 : tensor<3xf16>
}

// -----

// Unsigned types become signless; the arithmetic stays unsigned.
// CHECK-LABEL: func.func @unsigned
// CHECK-SAME: tensor<3xi8> {hybrid.dims = ["3"], hybrid.dtype = "uint8", hybrid.name = "x"}
// CHECK: arith.divui
func.func @unsigned(%x: tensor<3xui8> {onnx.name = "x", onnx.dims = ["3"]}) -> (tensor<3xui8> {onnx.name = "y"}) {
  %0 = onnx.Div %x, %x : (tensor<3xui8>, tensor<3xui8>) -> tensor<3xui8>
  return %0 : tensor<3xui8>
}
