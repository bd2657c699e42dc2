// RUN: not jarana-opt %s --raise-onnx=error-on-fallback --split-input-file 2>&1 | FileCheck %s --implicit-check-not=error:
// RUN: jarana-opt %s --raise-onnx --split-input-file | FileCheck %s --check-prefix=SHARE

// A sum of decays, and what it is multiplied with.
// CHECK: error: CumSum node 'sum' stays on a generic path: a sum of decays in which no scan was recognised
func.func @scan(%x: tensor<?x?x8xf32> {onnx.name = "x", onnx.dims = ["b", "s", "8"]}) -> (tensor<?x?x8xf32> {onnx.name = "y"}) {
  %one = onnx.Constant dense<1> : tensor<i64>
  %0 = onnx.CumSum %x, %one : (tensor<?x?x8xf32>, tensor<i64>) -> tensor<?x?x8xf32> loc("sum")
  %1 = onnx.Sub %0, %x : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %2 = onnx.Exp %1 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  return %2 : tensor<?x?x8xf32>
}

// -----

// Positions that are counted are no scan, and a product with a matrix of weights has a kernel.
func.func @fine(%mask: tensor<?x?xf32> {onnx.name = "mask", onnx.dims = ["b", "8"]}) -> (tensor<?x4xf32> {onnx.name = "y"}) {
  %one = onnx.Constant dense<1> : tensor<i64>
  %w = onnx.Constant dense<0.5> : tensor<8x4xf32>
  %0 = onnx.CumSum %mask, %one : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
  %1 = onnx.MatMul %0, %w : (tensor<?x?xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

// Scores of queries by queries: the softmax is over the wrong axis for an attention, but lies where one would.
// CHECK: error: MatMul node 'qk' stays on a generic path: a product of two tensors that are computed when the model runs
// CHECK: error: Softmax node 'softmax' stays on a generic path: a softmax between two products in which no attention was recognised
// CHECK: error: MatMul node 'pv'
func.func @attention(%q: tensor<?x4x8xf32> {onnx.name = "q", onnx.dims = ["b", "4", "8"]}, %k: tensor<?x8x6xf32> {onnx.name = "k", onnx.dims = ["b", "8", "6"]},
    %v: tensor<?x6x8xf32> {onnx.name = "v", onnx.dims = ["b", "6", "8"]}) -> (tensor<?x4x8xf32> {onnx.name = "y"}) {
  %0 = onnx.MatMul %q, %k : (tensor<?x4x8xf32>, tensor<?x8x6xf32>) -> tensor<?x4x6xf32> loc("qk")
  %1 = onnx.Softmax %0 {axis = 1 : i64} : (tensor<?x4x6xf32>) -> tensor<?x4x6xf32> loc("softmax")
  %2 = onnx.MatMul %1, %v : (tensor<?x4x6xf32>, tensor<?x6x8xf32>) -> tensor<?x4x8xf32> loc("pv")
  return %2 : tensor<?x4x8xf32>
}

// -----

// An outer product only multiplies.
func.func @outer(%x: tensor<?x4x1xf32> {onnx.name = "x", onnx.dims = ["b", "4", "1"]}, %z: tensor<?x1x6xf32> {onnx.name = "z", onnx.dims = ["b", "1", "6"]})
    -> (tensor<?x4x6xf32> {onnx.name = "y"}) {
  %0 = onnx.MatMul %x, %z : (tensor<?x4x1xf32>, tensor<?x1x6xf32>) -> tensor<?x4x6xf32>
  return %0 : tensor<?x4x6xf32>
}

// -----

// Weights of a rank that has no kernel, chosen at run time, and a sum of products that reads each element once.
// Per row 32 multiplications, 32 elements gathered, and 4 in the last sum.
// SHARE: {facts = {share = "47.1 %"}, node = "experts", op = "MatMul", reason
// CHECK: error: MatMul node 'experts' stays on a generic path: a product with weights that are chosen when the model runs (routed experts)
func.func @experts(%x: tensor<?x1x1x8xf32> {onnx.name = "x", onnx.dims = ["b", "1", "1", "8"]}, %which: tensor<?xi64> {onnx.name = "which", onnx.dims = ["b"]},
    %z: tensor<?x1x4xf32> {onnx.name = "z", onnx.dims = ["b", "1", "4"]}) -> (tensor<?x1xf32> {onnx.name = "y"}) {
  %w = onnx.Constant dense<0.5> : tensor<3x1x8x4xf32>
  %0 = onnx.Gather %w, %which {axis = 0 : i64} : (tensor<3x1x8x4xf32>, tensor<?xi64>) -> tensor<?x1x8x4xf32>
  %1 = onnx.MatMul %x, %0 : (tensor<?x1x1x8xf32>, tensor<?x1x8x4xf32>) -> tensor<?x1x1x4xf32> loc("experts")
  %2 = onnx.Einsum %1, %z {equation = "abcd,acd->ac"} : (tensor<?x1x1x4xf32>, tensor<?x1x4xf32>) -> tensor<?x1xf32> loc("row")
  return %2 : tensor<?x1xf32>
}
