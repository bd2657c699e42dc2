// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// With a matrix on the right the leading dimensions become rows of one product.
// CHECK-LABEL: func.func @rows
// CHECK: tensor.collapse_shape %arg0 {{\[\[}}0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
// CHECK: linalg.matmul ins(%{{.*}}, %arg1 : tensor<?x4xf32>, tensor<4x6xf32>) outs(%{{.*}} : tensor<?x6xf32>)
func.func @rows(%x: tensor<?x?x4xf32> {onnx.name = "x", onnx.dims = ["b", "l", "4"]}, %w: tensor<4x6xf32> {onnx.name = "w", onnx.dims = ["4", "6"]}) -> (tensor<?x?x6xf32> {onnx.name = "y"}) {
  %0 = onnx.MatMul %x, %w : (tensor<?x?x4xf32>, tensor<4x6xf32>) -> tensor<?x?x6xf32>
  return %0 : tensor<?x?x6xf32>
}

// -----

// CHECK-LABEL: func.func @batches
// CHECK: linalg.batch_matmul ins(%{{.*}}, %{{.*}} : tensor<?x3x4xf16>, tensor<?x4x5xf16>) outs(%{{.*}} : tensor<?x3x5xf32>)
// CHECK: arith.truncf
func.func @batches(%x: tensor<?x2x3x4xf16> {onnx.name = "x", onnx.dims = ["b", "2", "3", "4"]}, %y: tensor<?x2x4x5xf16> {onnx.name = "y", onnx.dims = ["b", "2", "4", "5"]}) -> (tensor<?x2x3x5xf16> {onnx.name = "z"}) {
  %0 = onnx.MatMul %x, %y : (tensor<?x2x3x4xf16>, tensor<?x2x4x5xf16>) -> tensor<?x2x3x5xf16>
  return %0 : tensor<?x2x3x5xf16>
}

// -----

// Loops of the result first, sums innermost.
// CHECK-DAG: #[[$C:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d4, d5)>
// CHECK-DAG: #[[$B:.*]] = affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d3, d4, d5)>
// CHECK-LABEL: func.func @einsum
// CHECK: linalg.generic {indexing_maps = [#[[$C]], #[[$B]], #{{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction"]}
func.func @einsum(%c: tensor<1x2x3x4x5xf32> {onnx.name = "c", onnx.dims = ["1", "2", "3", "4", "5"]}, %b: tensor<1x2x6x4x5xf32> {onnx.name = "b", onnx.dims = ["1", "2", "6", "4", "5"]})
    -> (tensor<1x2x3x6x4xf32> {onnx.name = "g"}) {
  %0 = onnx.Einsum %c, %b {equation = "bclhn,bcshn->bclsh"} : (tensor<1x2x3x4x5xf32>, tensor<1x2x6x4x5xf32>) -> tensor<1x2x3x6x4xf32>
  return %0 : tensor<1x2x3x6x4xf32>
}

// -----

// A depthwise convolution: the channels are the groups.
// CHECK-LABEL: func.func @conv
// CHECK: tensor.insert_slice %arg0 into %{{.*}}[0, 0, 3] [%{{.*}}, 6, %{{.*}}] [1, 1, 1]
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
func.func @conv(%x: tensor<?x6x?xf32> {onnx.name = "x", onnx.dims = ["b", "6", "l"]}, %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]}) -> (tensor<?x6x?xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %0 = onnx.Conv %x, %w, %none {auto_pad = "NOTSET", dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 3, 3>, strides = array<i64: 1>}
      : (tensor<?x6x?xf32>, tensor<6x1x4xf32>, none) -> tensor<?x6x?xf32>
  return %0 : tensor<?x6x?xf32>
}
