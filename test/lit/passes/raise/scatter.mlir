// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Updates are written one by one, indices are checked before.
// CHECK-LABEL: func.func @elements
// CHECK: hybrid.check %{{.*}}, "ScatterElements node '': an index is outside the dimension of 4 elements"
// CHECK: scf.for
// CHECK: scf.for
// CHECK: tensor.extract %arg1
// CHECK: tensor.insert
func.func @elements(%x: tensor<4x5xf32> {onnx.name = "x", onnx.dims = ["4", "5"]}, %at: tensor<2x5xi64> {onnx.name = "at", onnx.dims = ["2", "5"]},
    %u: tensor<2x5xf32> {onnx.name = "u", onnx.dims = ["2", "5"]}) -> (tensor<4x5xf32> {onnx.name = "y"}) {
  %0 = onnx.ScatterElements %x, %at, %u {axis = 0 : i64, reduction = "none"} : (tensor<4x5xf32>, tensor<2x5xi64>, tensor<2x5xf32>) -> tensor<4x5xf32>
  return %0 : tensor<4x5xf32>
}

// -----

// CHECK-LABEL: func.func @add
// CHECK: %[[OLD:.*]] = tensor.extract %{{.*}} : tensor<4x3xf32>
// CHECK: arith.addf
func.func @add(%x: tensor<4x3xf32> {onnx.name = "x", onnx.dims = ["4", "3"]}, %at: tensor<2x1xi64> {onnx.name = "at", onnx.dims = ["2", "1"]},
    %u: tensor<2x3xf32> {onnx.name = "u", onnx.dims = ["2", "3"]}) -> (tensor<4x3xf32> {onnx.name = "y"}) {
  %0 = onnx.ScatterND %x, %at, %u {reduction = "add"} : (tensor<4x3xf32>, tensor<2x1xi64>, tensor<2x3xf32>) -> tensor<4x3xf32>
  return %0 : tensor<4x3xf32>
}
