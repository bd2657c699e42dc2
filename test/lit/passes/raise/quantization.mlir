// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK: facts = {bits = "4", block = "32"}, node = "", op = "MatMulNBits", result = "hybrid.quantized_matmul"
// CHECK-LABEL: func.func @nbits
// CHECK: hybrid.quantized_matmul ins(%arg0, %arg1, %{{.*}} : tensor<?x?x64xf32>, tensor<6x2x16xi8>, tensor<6x2xf32>)
// CHECK-SAME: bits = 4 : i64, block = 32 : i64
func.func @nbits(%x: tensor<?x?x64xf32> {onnx.name = "x", onnx.dims = ["b", "l", "64"]}, %w: tensor<6x2x16xui8> {onnx.name = "w", onnx.dims = ["6", "2", "16"]},
    %s: tensor<12xf32> {onnx.name = "s", onnx.dims = ["12"]}) -> (tensor<?x?x6xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %0 = onnx.MatMulNBits %x, %w, %s, %none, %none, %none {K = 64 : i64, N = 6 : i64, accuracy_level = 0 : i64, bits = 4 : i64, block_size = 32 : i64}
      : (tensor<?x?x64xf32>, tensor<6x2x16xui8>, tensor<12xf32>, none, none, none) -> tensor<?x?x6xf32>
  return %0 : tensor<?x?x6xf32>
}

// -----

// One scale per column, differences in i32.
// CHECK-LABEL: func.func @dequantize
// CHECK: linalg.generic
// CHECK: arith.extui %{{.*}} : i8 to i32
// CHECK: arith.subi %{{.*}}, %{{.*}} : i32
// CHECK: arith.sitofp %{{.*}} : i32 to f32
func.func @dequantize(%x: tensor<4x6xui8> {onnx.name = "x", onnx.dims = ["4", "6"]}, %s: tensor<6xf32> {onnx.name = "s", onnx.dims = ["6"]},
    %z: tensor<6xui8> {onnx.name = "z", onnx.dims = ["6"]}) -> (tensor<4x6xf32> {onnx.name = "y"}) {
  %0 = onnx.DequantizeLinear %x, %s, %z {axis = 1 : i64, block_size = 0 : i64, output_dtype = f32} : (tensor<4x6xui8>, tensor<6xf32>, tensor<6xui8>) -> tensor<4x6xf32>
  return %0 : tensor<4x6xf32>
}

// -----

// Rounded to even, cut to the range of the type.
// CHECK-LABEL: func.func @quantize
// CHECK: math.roundeven
// CHECK: arith.maximumf
// CHECK: arith.minimumf
func.func @quantize(%x: tensor<4xf32> {onnx.name = "x", onnx.dims = ["4"]}, %s: tensor<f32> {onnx.name = "s", onnx.dims = []},
    %z: tensor<i8> {onnx.name = "z", onnx.dims = []}) -> (tensor<4xi8> {onnx.name = "y"}) {
  %0 = onnx.QuantizeLinear %x, %s, %z {axis = 1 : i64, block_size = 0 : i64, saturate = 1 : i64} : (tensor<4xf32>, tensor<f32>, tensor<i8>) -> tensor<4xi8>
  return %0 : tensor<4xi8>
}

// -----

// CHECK-LABEL: func.func @integers
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<3x4xi32>, tensor<4x5xi32>) outs(%{{.*}} : tensor<3x5xi32>)
func.func @integers(%x: tensor<3x4xui8> {onnx.name = "x", onnx.dims = ["3", "4"]}, %w: tensor<4x5xi8> {onnx.name = "w", onnx.dims = ["4", "5"]},
    %z: tensor<ui8> {onnx.name = "z", onnx.dims = []}) -> (tensor<3x5xi32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %0 = onnx.MatMulInteger %x, %w, %z, %none : (tensor<3x4xui8>, tensor<4x5xi8>, tensor<ui8>, none) -> tensor<3x5xi32>
  return %0 : tensor<3x5xi32>
}
