// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Shape arithmetic of the graph disappears: the sizes are computed from the arguments.
// CHECK-LABEL: func.func @arithmetic
// CHECK: %[[L:.*]] = tensor.dim %arg0
// CHECK-NOT: linalg.generic
// CHECK: tensor.expand_shape %arg0 {{\[\[}}0], [1, 2]] output_shape [%[[L]], 2, 4] : tensor<?x8xf32> into tensor<?x2x4xf32>
func.func @arithmetic(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["l", "8"]}) -> (tensor<?x2x4xf32> {onnx.name = "y"}) {
  %shape = onnx.Shape %x {start = 0 : i64, end = 1 : i64} : (tensor<?x8xf32>) -> tensor<1xi64>
  %rest = onnx.Constant dense<[2, 4]> : tensor<2xi64>
  %all = onnx.Concat %shape, %rest {axis = 0 : i64} : (tensor<1xi64>, tensor<2xi64>) -> tensor<3xi64>
  %y = onnx.Reshape %x, %all {allowzero = 0 : i64} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
  return %y : tensor<?x2x4xf32>
}

// -----

// What the graph assumes of its inputs is checked at the entry, by name.
// CHECK-LABEL: func.func @assumed
// CHECK-DAG: %[[N:.*]] = tensor.dim %arg0
// CHECK-DAG: %[[M:.*]] = tensor.dim %arg1
// CHECK: %[[SAME:.*]] = arith.cmpi eq, %{{.*}}, %{{.*}} : index
// CHECK: hybrid.check %[[SAME]], "input 'x' dimension 0 ('n'), input 'y' dimension 0 ('m'): {{.*}} must hold"
// CHECK: linalg.generic
func.func @assumed(%x: tensor<?x4xf32> {onnx.name = "x", onnx.dims = ["n", "4"]}, %y: tensor<?x4xf32> {onnx.name = "y", onnx.dims = ["m", "4"]})
    -> (tensor<?x4xf32> {onnx.name = "z"}) {
  %0 = onnx.Add %x, %y : (tensor<?x4xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// One name is one size.
// CHECK-LABEL: func.func @named
// CHECK: hybrid.check %{{.*}}, "input 'y' dimension 0 must be n, the size of input 'x' dimension 0 of the same name"
func.func @named(%x: tensor<?xf32> {onnx.name = "x", onnx.dims = ["n"]}, %y: tensor<?xf32> {onnx.name = "y", onnx.dims = ["n"]})
    -> (tensor<?xf32> {onnx.name = "z"}) {
  %0 = onnx.Add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// A size known symbolically that is used as data is made from its expression.
// CHECK-LABEL: func.func @data
// CHECK: %[[N:.*]] = tensor.dim %arg0
// CHECK: %[[I:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK: tensor.from_elements %[[I]] : tensor<1xi64>
func.func @data(%x: tensor<?xf32> {onnx.name = "x", onnx.dims = ["n"]}) -> (tensor<1xi64> {onnx.name = "n"}) {
  %0 = onnx.Shape %x {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  return %0 : tensor<1xi64>
}

// -----

// CHECK-LABEL: func.func @range
// CHECK: linalg.index 0
func.func @range(%x: tensor<?xf32> {onnx.name = "x", onnx.dims = ["n"]}) -> (tensor<?xi64> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0> : tensor<i64>
  %one = onnx.Constant dense<1> : tensor<i64>
  %none = onnx.None : none
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<?xf32>) -> tensor<1xi64>
  %axes = onnx.Constant dense<0> : tensor<1xi64>
  %n = onnx.Squeeze %shape, %axes : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %0 = onnx.Range %zero, %n, %one : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  return %0 : tensor<?xi64>
}
