// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @slice
// CHECK: %[[N:.*]] = tensor.dim %arg0
// CHECK: tensor.extract_slice %arg0[0, 1] [%[[N]], 3] [1, 2] : tensor<?x8xf32> to tensor<?x3xf32>
func.func @slice(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["n", "8"]}) -> (tensor<?x3xf32> {onnx.name = "y"}) {
  %start = onnx.Constant dense<1> : tensor<1xi64>
  %end = onnx.Constant dense<-1> : tensor<1xi64>
  %axis = onnx.Constant dense<1> : tensor<1xi64>
  %step = onnx.Constant dense<2> : tensor<1xi64>
  %0 = onnx.Slice %x, %start, %end, %axis, %step : (tensor<?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3xf32>
  return %0 : tensor<?x3xf32>
}

// -----

// Backwards, elements are read one by one.
// CHECK-LABEL: func.func @backwards
// CHECK: tensor.extract %arg0
func.func @backwards(%x: tensor<8xf32> {onnx.name = "x", onnx.dims = ["8"]}) -> (tensor<8xf32> {onnx.name = "y"}) {
  %start = onnx.Constant dense<-1> : tensor<1xi64>
  %end = onnx.Constant dense<-9223372036854775808> : tensor<1xi64>
  %axis = onnx.Constant dense<0> : tensor<1xi64>
  %step = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Slice %x, %start, %end, %axis, %step : (tensor<8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @concat
// CHECK: %[[EMPTY:.*]] = tensor.empty(%[[N:.*]]) : tensor<?x7xf32>
// CHECK: %[[FIRST:.*]] = tensor.insert_slice %arg0 into %[[EMPTY]][0, 0] [%[[N]], 4] [1, 1]
// CHECK: tensor.insert_slice %arg1 into %[[FIRST]][0, 4] [%[[N]], 3] [1, 1]
func.func @concat(%x: tensor<?x4xf32> {onnx.name = "x", onnx.dims = ["n", "4"]}, %y: tensor<?x3xf32> {onnx.name = "y", onnx.dims = ["n", "3"]}) -> (tensor<?x7xf32> {onnx.name = "z"}) {
  %0 = onnx.Concat %x, %y {axis = -1 : i64} : (tensor<?x4xf32>, tensor<?x3xf32>) -> tensor<?x7xf32>
  return %0 : tensor<?x7xf32>
}

// -----

// Negative padding cuts off.
// CHECK-LABEL: func.func @pad
// CHECK: %[[CUT:.*]] = tensor.extract_slice %arg0[1] [4] [1] : tensor<5xf32> to tensor<4xf32>
// CHECK: %[[FILL:.*]] = linalg.fill
// CHECK: tensor.insert_slice %[[CUT]] into %[[FILL]][0] [4] [1]
func.func @pad(%x: tensor<5xf32> {onnx.name = "x", onnx.dims = ["5"]}) -> (tensor<6xf32> {onnx.name = "y"}) {
  %pads = onnx.Constant dense<[-1, 2]> : tensor<2xi64>
  %none = onnx.None : none
  %0 = onnx.Pad %x, %pads, %none, %none {mode = "constant"} : (tensor<5xf32>, tensor<2xi64>, none, none) -> tensor<6xf32>
  return %0 : tensor<6xf32>
}

// -----

// CHECK-LABEL: func.func @split
// CHECK-DAG: tensor.extract_slice %arg0[0, 0] [2, 3]
// CHECK-DAG: tensor.extract_slice %arg0[0, 3] [2, 5]
func.func @split(%x: tensor<2x8xf32> {onnx.name = "x", onnx.dims = ["2", "8"]}) -> (tensor<2x3xf32> {onnx.name = "y"}, tensor<2x5xf32> {onnx.name = "z"}) {
  %sizes = onnx.Constant dense<[3, 5]> : tensor<2xi64>
  %0:2 = onnx.Split %x, %sizes {axis = 1 : i64} : (tensor<2x8xf32>, tensor<2xi64>) -> (tensor<2x3xf32>, tensor<2x5xf32>)
  return %0#0, %0#1 : tensor<2x3xf32>, tensor<2x5xf32>
}

// -----

// [2, 6] to [3, 4]: no finer groups, through one dimension.
// CHECK-LABEL: func.func @regroup
// CHECK: tensor.collapse_shape %arg0 {{\[\[}}0, 1]] : tensor<2x6xf32> into tensor<12xf32>
// CHECK: tensor.expand_shape %{{.*}} {{\[\[}}0, 1]] output_shape [3, 4]
func.func @regroup(%x: tensor<2x6xf32> {onnx.name = "x", onnx.dims = ["2", "6"]}) -> (tensor<3x4xf32> {onnx.name = "y"}) {
  %shape = onnx.Constant dense<[3, 4]> : tensor<2xi64>
  %0 = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<2x6xf32>, tensor<2xi64>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// -----

// CHECK-LABEL: func.func @trilu
// CHECK: arith.cmpi sle
// CHECK: arith.select
func.func @trilu(%x: tensor<4x4xf32> {onnx.name = "x", onnx.dims = ["4", "4"]}) -> (tensor<4x4xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %0 = onnx.Trilu %x, %none {upper = 0 : i64} : (tensor<4x4xf32>, none) -> tensor<4x4xf32>
  return %0 : tensor<4x4xf32>
}
