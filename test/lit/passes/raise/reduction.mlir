// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Sums of 16-bit floats are f32.
// CHECK-LABEL: func.func @mean
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "reduction"]} ins(%arg0 : tensor<?x8xf16>) outs(%{{.*}} : tensor<?xf32>)
// CHECK: arith.divf %{{.*}}, %{{.*}} : f32
func.func @mean(%x: tensor<?x8xf16> {onnx.name = "x", onnx.dims = ["n", "8"]}) -> (tensor<?x1xf16> {onnx.name = "y"}) {
  %axes = onnx.Constant dense<-1> : tensor<1xi64>
  %0 = onnx.ReduceMean %x, %axes {keepdims = 1 : i64, noop_with_empty_axes = 0 : i64} : (tensor<?x8xf16>, tensor<1xi64>) -> tensor<?x1xf16>
  return %0 : tensor<?x1xf16>
}

// -----

// CHECK-LABEL: func.func @softmax
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
func.func @softmax(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["n", "8"]}) -> (tensor<?x8xf32> {onnx.name = "y"}) {
  %0 = onnx.Softmax %x {axis = -1 : i64} : (tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @cumsum
// CHECK: scf.for
// CHECK: tensor.extract_slice %arg0[0, %{{.*}}] [2, 1] [1, 1]
// CHECK: tensor.insert_slice
func.func @cumsum(%x: tensor<2x6xf32> {onnx.name = "x", onnx.dims = ["2", "6"]}) -> (tensor<2x6xf32> {onnx.name = "y"}) {
  %axis = onnx.Constant dense<1> : tensor<i64>
  %0 = onnx.CumSum %x, %axis {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<2x6xf32>, tensor<i64>) -> tensor<2x6xf32>
  return %0 : tensor<2x6xf32>
}

// -----

// The place of an element is the number of those before it.
// CHECK-LABEL: func.func @topk
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "reduction"]} ins(%arg0, %arg0
// CHECK: linalg.generic {{.*}} outs(%{{.*}}, %{{.*}} : tensor<?x2xf32>, tensor<?x2xi64>)
func.func @topk(%x: tensor<?x8xf32> {onnx.name = "x", onnx.dims = ["n", "8"]}) -> (tensor<?x2xf32> {onnx.name = "y"}, tensor<?x2xi64> {onnx.name = "i"}) {
  %k = onnx.Constant dense<2> : tensor<1xi64>
  %0:2 = onnx.TopK %x, %k {axis = -1 : i64, largest = 1 : i64, sorted = 1 : i64} : (tensor<?x8xf32>, tensor<1xi64>) -> (tensor<?x2xf32>, tensor<?x2xi64>)
  return %0#0, %0#1 : tensor<?x2xf32>, tensor<?x2xi64>
}
