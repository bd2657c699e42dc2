// RUN: jarana-opt %s --recognise-operators=only=scan-step --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=scan-step --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// One step of a scan, as transformers decodes a token: what it expands to the whole state is a factor per head.
// CHECK-LABEL: func.func @step
// CHECK-NOT: onnx.Exp {{.*}} -> tensor<?x2x3x5xf32>
// CHECK: %[[DT:.*]] = onnx.Softplus {{.*}} -> tensor<?x2x1xf32>
// CHECK: %[[DECAY:.*]] = onnx.Mul {{.*}} -> tensor<?x1x2xf32>
// CHECK: %[[Y:.*]], %[[STATE:.*]] = onnx.LinearAttention %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[DECAY]], %{{.*}} {kv_num_heads = 2 : i64
// CHECK-DAG: %[[PRESENT:.*]] = onnx.Transpose %[[STATE]] {perm = array<i64: 0, 1, 3, 2>}
// CHECK-DAG: %[[OUT:.*]] = onnx.Reshape %[[Y]]
// CHECK: return %{{.*}}, %[[PRESENT]]
func.func @step(%x: tensor<?x2x3xf32> {onnx.name = "x", onnx.dims = ["batch", "2", "3"]}, %dt: tensor<?x2x1xf32> {onnx.name = "dt", onnx.dims = ["batch", "2", "1"]}, %b: tensor<?x1x5xf32> {onnx.name = "b", onnx.dims = ["batch", "1", "5"]}, %c: tensor<?x1x5xf32> {onnx.name = "c", onnx.dims = ["batch", "1", "5"]}, %past: tensor<?x2x3x5xf32> {onnx.name = "past", onnx.dims = ["batch", "2", "3", "5"]})
    -> (tensor<?x2x3xf32> {onnx.name = "y"}, tensor<?x2x3x5xf32> {onnx.name = "present"}) {
  %bias = onnx.Constant dense<[[0.5, 0.5, 0.5], [-1.0, -1.0, -1.0]]> : tensor<2x3xf32>
  %a = onnx.Constant dense<[[[-1.0, -1.0, -1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, -1.0]], [[-0.25, -0.25, -0.25, -0.25, -0.25], [-0.25, -0.25, -0.25, -0.25, -0.25], [-0.25, -0.25, -0.25, -0.25, -0.25]]]> : tensor<2x3x5xf32>
  %i1_2_3 = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64>
  %v1 = onnx.Expand %dt, %i1_2_3 : (tensor<?x2x1xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
  %v2 = onnx.Add %v1, %bias : (tensor<?x2x3xf32>, tensor<2x3xf32>) -> tensor<?x2x3xf32>
  %v3 = onnx.Softplus %v2 : (tensor<?x2x3xf32>) -> tensor<?x2x3xf32>
  %i3 = onnx.Constant dense<[3]> : tensor<1xi64>
  %v4 = onnx.Unsqueeze %v3, %i3 : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v5 = onnx.Mul %v4, %a : (tensor<?x2x3x1xf32>, tensor<2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %v6 = onnx.Exp %v5 : (tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %im1_1_1_5 = onnx.Constant dense<[-1, 1, 1, 5]> : tensor<4xi64>
  %v7 = onnx.Reshape %b, %im1_1_1_5 {allowzero = 0 : i64} : (tensor<?x1x5xf32>, tensor<4xi64>) -> tensor<?x1x1x5xf32>
  %i1_1_2_1 = onnx.Constant dense<[1, 1, 2, 1]> : tensor<4xi64>
  %v8 = onnx.Expand %v7, %i1_1_2_1 : (tensor<?x1x1x5xf32>, tensor<4xi64>) -> tensor<?x1x2x5xf32>
  %im1_2_1_5 = onnx.Constant dense<[-1, 2, 1, 5]> : tensor<4xi64>
  %v9 = onnx.Reshape %v8, %im1_2_1_5 {allowzero = 0 : i64} : (tensor<?x1x2x5xf32>, tensor<4xi64>) -> tensor<?x2x1x5xf32>
  %v10 = onnx.Mul %v4, %v9 : (tensor<?x2x3x1xf32>, tensor<?x2x1x5xf32>) -> tensor<?x2x3x5xf32>
  %v11 = onnx.Unsqueeze %x, %i3 : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v12 = onnx.Mul %v10, %v11 : (tensor<?x2x3x5xf32>, tensor<?x2x3x1xf32>) -> tensor<?x2x3x5xf32>
  %v13 = onnx.Mul %past, %v6 : (tensor<?x2x3x5xf32>, tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %new = onnx.Add %v13, %v12 : (tensor<?x2x3x5xf32>, tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %v15 = onnx.Reshape %c, %im1_1_1_5 {allowzero = 0 : i64} : (tensor<?x1x5xf32>, tensor<4xi64>) -> tensor<?x1x1x5xf32>
  %v16 = onnx.Expand %v15, %i1_1_2_1 : (tensor<?x1x1x5xf32>, tensor<4xi64>) -> tensor<?x1x2x5xf32>
  %im1_2_5_1 = onnx.Constant dense<[-1, 2, 5, 1]> : tensor<4xi64>
  %v17 = onnx.Reshape %v16, %im1_2_5_1 {allowzero = 0 : i64} : (tensor<?x1x2x5xf32>, tensor<4xi64>) -> tensor<?x2x5x1xf32>
  %v18 = onnx.MatMul %new, %v17 : (tensor<?x2x3x5xf32>, tensor<?x2x5x1xf32>) -> tensor<?x2x3x1xf32>
  %im1_2_3 = onnx.Constant dense<[-1, 2, 3]> : tensor<3xi64>
  %v19 = onnx.Reshape %v18, %im1_2_3 {allowzero = 0 : i64} : (tensor<?x2x3x1xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
  return %v19, %new : tensor<?x2x3xf32>, tensor<?x2x3x5xf32>
}

// -----

// What reads the state before its update is no step of a scan.
// CHECK: module attributes {onnx.declined = [{kind = "LinearAttention"
// CHECK-SAME: they part at MatMul 'MatMul': the graph's result is C times the states that enter the positions, the operator's is not"
// CHECK-LABEL: func.func @stale
// CHECK-NOT: onnx.LinearAttention
func.func @stale(%x: tensor<?x2x3xf32> {onnx.name = "x", onnx.dims = ["batch", "2", "3"]}, %dt: tensor<?x2x1xf32> {onnx.name = "dt", onnx.dims = ["batch", "2", "1"]}, %b: tensor<?x1x5xf32> {onnx.name = "b", onnx.dims = ["batch", "1", "5"]}, %c: tensor<?x1x5xf32> {onnx.name = "c", onnx.dims = ["batch", "1", "5"]}, %past: tensor<?x2x3x5xf32> {onnx.name = "past", onnx.dims = ["batch", "2", "3", "5"]})
    -> (tensor<?x2x3xf32> {onnx.name = "y"}, tensor<?x2x3x5xf32> {onnx.name = "present"}) {
  %bias = onnx.Constant dense<[[0.5, 0.5, 0.5], [-1.0, -1.0, -1.0]]> : tensor<2x3xf32>
  %a = onnx.Constant dense<[[[-1.0, -1.0, -1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, -1.0]], [[-0.25, -0.25, -0.25, -0.25, -0.25], [-0.25, -0.25, -0.25, -0.25, -0.25], [-0.25, -0.25, -0.25, -0.25, -0.25]]]> : tensor<2x3x5xf32>
  %i1_2_3 = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64>
  %v1 = onnx.Expand %dt, %i1_2_3 : (tensor<?x2x1xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
  %v2 = onnx.Add %v1, %bias : (tensor<?x2x3xf32>, tensor<2x3xf32>) -> tensor<?x2x3xf32>
  %v3 = onnx.Softplus %v2 : (tensor<?x2x3xf32>) -> tensor<?x2x3xf32>
  %i3 = onnx.Constant dense<[3]> : tensor<1xi64>
  %v4 = onnx.Unsqueeze %v3, %i3 : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v5 = onnx.Mul %v4, %a : (tensor<?x2x3x1xf32>, tensor<2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %v6 = onnx.Exp %v5 : (tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %im1_1_1_5 = onnx.Constant dense<[-1, 1, 1, 5]> : tensor<4xi64>
  %v7 = onnx.Reshape %b, %im1_1_1_5 {allowzero = 0 : i64} : (tensor<?x1x5xf32>, tensor<4xi64>) -> tensor<?x1x1x5xf32>
  %i1_1_2_1 = onnx.Constant dense<[1, 1, 2, 1]> : tensor<4xi64>
  %v8 = onnx.Expand %v7, %i1_1_2_1 : (tensor<?x1x1x5xf32>, tensor<4xi64>) -> tensor<?x1x2x5xf32>
  %im1_2_1_5 = onnx.Constant dense<[-1, 2, 1, 5]> : tensor<4xi64>
  %v9 = onnx.Reshape %v8, %im1_2_1_5 {allowzero = 0 : i64} : (tensor<?x1x2x5xf32>, tensor<4xi64>) -> tensor<?x2x1x5xf32>
  %v10 = onnx.Mul %v4, %v9 : (tensor<?x2x3x1xf32>, tensor<?x2x1x5xf32>) -> tensor<?x2x3x5xf32>
  %v11 = onnx.Unsqueeze %x, %i3 : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v12 = onnx.Mul %v10, %v11 : (tensor<?x2x3x5xf32>, tensor<?x2x3x1xf32>) -> tensor<?x2x3x5xf32>
  %v13 = onnx.Mul %past, %v6 : (tensor<?x2x3x5xf32>, tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %new = onnx.Add %v13, %v12 : (tensor<?x2x3x5xf32>, tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %v15 = onnx.Reshape %c, %im1_1_1_5 {allowzero = 0 : i64} : (tensor<?x1x5xf32>, tensor<4xi64>) -> tensor<?x1x1x5xf32>
  %v16 = onnx.Expand %v15, %i1_1_2_1 : (tensor<?x1x1x5xf32>, tensor<4xi64>) -> tensor<?x1x2x5xf32>
  %im1_2_5_1 = onnx.Constant dense<[-1, 2, 5, 1]> : tensor<4xi64>
  %v17 = onnx.Reshape %v16, %im1_2_5_1 {allowzero = 0 : i64} : (tensor<?x1x2x5xf32>, tensor<4xi64>) -> tensor<?x2x5x1xf32>
  %v18 = onnx.MatMul %past, %v17 : (tensor<?x2x3x5xf32>, tensor<?x2x5x1xf32>) -> tensor<?x2x3x1xf32>
  %im1_2_3 = onnx.Constant dense<[-1, 2, 3]> : tensor<3xi64>
  %v19 = onnx.Reshape %v18, %im1_2_3 {allowzero = 0 : i64} : (tensor<?x2x3x1xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
  return %v19, %new : tensor<?x2x3xf32>, tensor<?x2x3x5xf32>
}

// -----

// A bias that differs within a head makes a decay that does.
// CHECK: module attributes {onnx.declined = [{kind = "scan-step"
// CHECK-LABEL: func.func @within_a_head
// CHECK-NOT: onnx.LinearAttention
func.func @within_a_head(%x: tensor<?x2x3xf32> {onnx.name = "x", onnx.dims = ["batch", "2", "3"]}, %dt: tensor<?x2x1xf32> {onnx.name = "dt", onnx.dims = ["batch", "2", "1"]}, %b: tensor<?x1x5xf32> {onnx.name = "b", onnx.dims = ["batch", "1", "5"]}, %c: tensor<?x1x5xf32> {onnx.name = "c", onnx.dims = ["batch", "1", "5"]}, %past: tensor<?x2x3x5xf32> {onnx.name = "past", onnx.dims = ["batch", "2", "3", "5"]})
    -> (tensor<?x2x3xf32> {onnx.name = "y"}, tensor<?x2x3x5xf32> {onnx.name = "present"}) {
  %bias = onnx.Constant dense<[[0.5, 0.5, 0.5], [-1.0, -1.0, -1.5]]> : tensor<2x3xf32>
  %a = onnx.Constant dense<[[[-1.0, -1.0, -1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, -1.0], [-1.0, -1.0, -1.0, -1.0, -1.0]], [[-0.25, -0.25, -0.25, -0.25, -0.25], [-0.25, -0.25, -0.25, -0.25, -0.25], [-0.25, -0.25, -0.25, -0.25, -0.25]]]> : tensor<2x3x5xf32>
  %i1_2_3 = onnx.Constant dense<[1, 2, 3]> : tensor<3xi64>
  %v1 = onnx.Expand %dt, %i1_2_3 : (tensor<?x2x1xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
  %v2 = onnx.Add %v1, %bias : (tensor<?x2x3xf32>, tensor<2x3xf32>) -> tensor<?x2x3xf32>
  %v3 = onnx.Softplus %v2 : (tensor<?x2x3xf32>) -> tensor<?x2x3xf32>
  %i3 = onnx.Constant dense<[3]> : tensor<1xi64>
  %v4 = onnx.Unsqueeze %v3, %i3 : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v5 = onnx.Mul %v4, %a : (tensor<?x2x3x1xf32>, tensor<2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %v6 = onnx.Exp %v5 : (tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %im1_1_1_5 = onnx.Constant dense<[-1, 1, 1, 5]> : tensor<4xi64>
  %v7 = onnx.Reshape %b, %im1_1_1_5 {allowzero = 0 : i64} : (tensor<?x1x5xf32>, tensor<4xi64>) -> tensor<?x1x1x5xf32>
  %i1_1_2_1 = onnx.Constant dense<[1, 1, 2, 1]> : tensor<4xi64>
  %v8 = onnx.Expand %v7, %i1_1_2_1 : (tensor<?x1x1x5xf32>, tensor<4xi64>) -> tensor<?x1x2x5xf32>
  %im1_2_1_5 = onnx.Constant dense<[-1, 2, 1, 5]> : tensor<4xi64>
  %v9 = onnx.Reshape %v8, %im1_2_1_5 {allowzero = 0 : i64} : (tensor<?x1x2x5xf32>, tensor<4xi64>) -> tensor<?x2x1x5xf32>
  %v10 = onnx.Mul %v4, %v9 : (tensor<?x2x3x1xf32>, tensor<?x2x1x5xf32>) -> tensor<?x2x3x5xf32>
  %v11 = onnx.Unsqueeze %x, %i3 : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v12 = onnx.Mul %v10, %v11 : (tensor<?x2x3x5xf32>, tensor<?x2x3x1xf32>) -> tensor<?x2x3x5xf32>
  %v13 = onnx.Mul %past, %v6 : (tensor<?x2x3x5xf32>, tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %new = onnx.Add %v13, %v12 : (tensor<?x2x3x5xf32>, tensor<?x2x3x5xf32>) -> tensor<?x2x3x5xf32>
  %v15 = onnx.Reshape %c, %im1_1_1_5 {allowzero = 0 : i64} : (tensor<?x1x5xf32>, tensor<4xi64>) -> tensor<?x1x1x5xf32>
  %v16 = onnx.Expand %v15, %i1_1_2_1 : (tensor<?x1x1x5xf32>, tensor<4xi64>) -> tensor<?x1x2x5xf32>
  %im1_2_5_1 = onnx.Constant dense<[-1, 2, 5, 1]> : tensor<4xi64>
  %v17 = onnx.Reshape %v16, %im1_2_5_1 {allowzero = 0 : i64} : (tensor<?x1x2x5xf32>, tensor<4xi64>) -> tensor<?x2x5x1xf32>
  %v18 = onnx.MatMul %new, %v17 : (tensor<?x2x3x5xf32>, tensor<?x2x5x1xf32>) -> tensor<?x2x3x1xf32>
  %im1_2_3 = onnx.Constant dense<[-1, 2, 3]> : tensor<3xi64>
  %v19 = onnx.Reshape %v18, %im1_2_3 {allowzero = 0 : i64} : (tensor<?x2x3x1xf32>, tensor<3xi64>) -> tensor<?x2x3xf32>
  return %v19, %new : tensor<?x2x3xf32>, tensor<?x2x3x5xf32>
}
