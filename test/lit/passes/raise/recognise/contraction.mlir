// RUN: jarana-opt %s --recognise-operators=only=contraction --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=contraction --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// What was unsqueezed for the product is used as it was.
// CHECK-LABEL: func.func @scores
// CHECK: %[[Y:.*]] = onnx.Einsum %arg0, %arg1 {equation = "acde,bcde->abcd"{{.*}}} : (tensor<?x4x8x16xf32>, tensor<?x4x8x16xf32>) -> tensor<?x?x4x8xf32>
// CHECK-NOT: onnx.Mul
// CHECK: return %[[Y]]
func.func @scores(%c: tensor<?x4x8x16xf32> {onnx.name = "c", onnx.dims = ["l", "4", "8", "16"]}, %b: tensor<?x4x8x16xf32> {onnx.name = "b", onnx.dims = ["s", "4", "8", "16"]})
    -> (tensor<?x?x4x8xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Unsqueeze %c, %one : (tensor<?x4x8x16xf32>, tensor<1xi64>) -> tensor<?x1x4x8x16xf32>
  %1 = onnx.Unsqueeze %b, %zero : (tensor<?x4x8x16xf32>, tensor<1xi64>) -> tensor<1x?x4x8x16xf32>
  %2 = onnx.Mul %0, %1 : (tensor<?x1x4x8x16xf32>, tensor<1x?x4x8x16xf32>) -> tensor<?x?x4x8x16xf32>
  %3 = onnx.ReduceSum %2, %last {keepdims = 0 : i64} : (tensor<?x?x4x8x16xf32>, tensor<1xi64>) -> tensor<?x?x4x8xf32>
  return %3 : tensor<?x?x4x8xf32>
}

// -----

// A sum over one element is no sum.
// CHECK-LABEL: func.func @one_term
// CHECK: %[[Y:.*]] = onnx.Mul %arg0, %arg1 {{.*}}: (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
// CHECK-NOT: onnx.ReduceSum
// CHECK: return %[[Y]]
func.func @one_term(%a: tensor<?x8xf32> {onnx.name = "a", onnx.dims = ["l", "8"]}, %b: tensor<?x8xf32> {onnx.name = "b", onnx.dims = ["l", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Unsqueeze %a, %last : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x8x1xf32>
  %1 = onnx.Unsqueeze %b, %last : (tensor<?x8xf32>, tensor<1xi64>) -> tensor<?x8x1xf32>
  %2 = onnx.Mul %0, %1 : (tensor<?x8x1xf32>, tensor<?x8x1xf32>) -> tensor<?x8x1xf32>
  %3 = onnx.ReduceSum %2, %last {keepdims = 0 : i64} : (tensor<?x8x1xf32>, tensor<1xi64>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// -----

// A summed dimension that stays, and one of size 1 in both operands.
// CHECK-LABEL: func.func @kept
// CHECK: %[[A:.*]] = onnx.Squeeze %arg0
// CHECK: %[[B:.*]] = onnx.Squeeze %arg1
// CHECK: %[[SUM:.*]] = onnx.Einsum %[[A]], %[[B]] {equation = "bd,cd->bc"{{.*}}} : (tensor<3x8xf32>, tensor<5x8xf32>) -> tensor<3x5xf32>
// CHECK: onnx.Unsqueeze %[[SUM]], {{.*}} -> tensor<1x3x5x1xf32>
func.func @kept(%a: tensor<1x3x1x8xf32> {onnx.name = "a", onnx.dims = ["1", "3", "1", "8"]}, %c: tensor<1x1x5x8xf32> {onnx.name = "c", onnx.dims = ["1", "1", "5", "8"]}) -> (tensor<1x3x5x1xf32> {onnx.name = "y"}) {
  %last = onnx.Constant dense<3> : tensor<1xi64>
  %0 = onnx.Mul %a, %c : (tensor<1x3x1x8xf32>, tensor<1x1x5x8xf32>) -> tensor<1x3x5x8xf32>
  %1 = onnx.ReduceSum %0, %last {keepdims = 1 : i64} : (tensor<1x3x5x8xf32>, tensor<1xi64>) -> tensor<1x3x5x1xf32>
  return %1 : tensor<1x3x5x1xf32>
}

// -----

// The product is wanted too: it stays, and so does its sum.
// CHECK-LABEL: func.func @product_used
// CHECK-NOT: onnx.Einsum
// CHECK: onnx.ReduceSum
func.func @product_used(%a: tensor<3x1x8xf32> {onnx.name = "a", onnx.dims = ["3", "1", "8"]}, %b: tensor<1x5x8xf32> {onnx.name = "b", onnx.dims = ["1", "5", "8"]})
    -> (tensor<3x5xf32> {onnx.name = "y"}, tensor<3x5x8xf32> {onnx.name = "z"}) {
  %last = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.Mul %a, %b : (tensor<3x1x8xf32>, tensor<1x5x8xf32>) -> tensor<3x5x8xf32>
  %1 = onnx.ReduceSum %0, %last {keepdims = 0 : i64} : (tensor<3x5x8xf32>, tensor<1xi64>) -> tensor<3x5xf32>
  return %1, %0 : tensor<3x5xf32>, tensor<3x5x8xf32>
}
