// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Step sizes and groups come back: value = dt * x, decay = a * dt, B and C are expanded from 2 groups to 4 heads.
// CHECK: hybrid.raise_report = [{facts = {groups = "2", head_dim = "3", heads = "4", operands = "x, dt, a", state = "5"}, node = "", op = "LinearAttention", result = "hybrid.ssd_scan"}]
// CHECK-LABEL: func.func @grouped
// CHECK-SAME: (%[[X:[^:]*]]: tensor<?x?x12xf32>{{.*}}, %[[DT:[^:]*]]: tensor<?x?x4xf32>{{.*}}, %[[A:[^:]*]]: tensor<4xf32>{{.*}}, %[[B:[^:]*]]: tensor<?x?x10xf32>
// CHECK-DAG: %[[XG:.*]] = tensor.expand_shape %[[X]] {{\[\[}}0], [1], [2, 3, 4]] {{.*}} into tensor<?x?x2x2x3xf32>
// CHECK-DAG: %[[DTG:.*]] = tensor.expand_shape %[[DT]] {{.*}} into tensor<?x?x2x2xf32>
// CHECK-DAG: %[[AG:.*]] = tensor.expand_shape %[[A]] {{.*}} into tensor<2x2xf32>
// CHECK-DAG: %[[BG:.*]] = tensor.expand_shape %[[B]] {{.*}} into tensor<?x?x2x5xf32>
// CHECK: hybrid.ssd_scan ins(%[[XG]], %[[AG]], %[[BG]], %[[BG]] : {{.*}}) dt(%[[DTG]] : tensor<?x?x2x2xf32>)
// CHECK-NOT: linalg.generic
func.func @grouped(%x: tensor<?x?x12xf32> {onnx.name = "x", onnx.dims = ["b", "l", "12"]}, %dt: tensor<?x?x4xf32> {onnx.name = "dt", onnx.dims = ["b", "l", "4"]},
    %a: tensor<4xf32> {onnx.name = "a", onnx.dims = ["4"]}, %b: tensor<?x?x10xf32> {onnx.name = "b", onnx.dims = ["b", "l", "10"]},
    %past: tensor<?x4x5x3xf32> {onnx.name = "past", onnx.dims = ["b", "4", "5", "3"]})
    -> (tensor<?x?x12xf32> {onnx.name = "y"}, tensor<?x4x5x3xf32> {onnx.name = "present"}) {
  %none = onnx.None : none
  %heads = onnx.Constant dense<[0, 0, 4, 3]> : tensor<4xi64>
  %packed = onnx.Constant dense<[0, 0, 12]> : tensor<3xi64>
  %one = onnx.Constant dense<[0, 0, 2, 1, 5]> : tensor<5xi64>
  %repeat = onnx.Constant dense<[1, 1, 1, 2, 1]> : tensor<5xi64>
  %flat = onnx.Constant dense<[0, 0, 20]> : tensor<3xi64>
  %last = onnx.Constant dense<3> : tensor<1xi64>
  %xh = onnx.Reshape %x, %heads {allowzero = 0 : i64} : (tensor<?x?x12xf32>, tensor<4xi64>) -> tensor<?x?x4x3xf32>
  %dt1 = onnx.Unsqueeze %dt, %last : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x4x1xf32>
  %dtx = onnx.Mul %dt1, %xh : (tensor<?x?x4x1xf32>, tensor<?x?x4x3xf32>) -> tensor<?x?x4x3xf32>
  %value = onnx.Reshape %dtx, %packed {allowzero = 0 : i64} : (tensor<?x?x4x3xf32>, tensor<3xi64>) -> tensor<?x?x12xf32>
  %decay = onnx.Mul %a, %dt : (tensor<4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %b5 = onnx.Reshape %b, %one {allowzero = 0 : i64} : (tensor<?x?x10xf32>, tensor<5xi64>) -> tensor<?x?x2x1x5xf32>
  %be = onnx.Expand %b5, %repeat : (tensor<?x?x2x1x5xf32>, tensor<5xi64>) -> tensor<?x?x2x2x5xf32>
  %key = onnx.Reshape %be, %flat {allowzero = 0 : i64} : (tensor<?x?x2x2x5xf32>, tensor<3xi64>) -> tensor<?x?x20xf32>
  %y, %present = onnx.LinearAttention %key, %key, %value, %past, %decay, %none
      {chunk_size = 64 : i64, kv_num_heads = 4 : i64, q_num_heads = 4 : i64, scale = 1.0 : f32, update_rule = "gated"}
      : (tensor<?x?x20xf32>, tensor<?x?x20xf32>, tensor<?x?x12xf32>, tensor<?x4x5x3xf32>, tensor<?x?x4xf32>, none) -> (tensor<?x?x12xf32>, tensor<?x4x5x3xf32>)
  return %y, %present : tensor<?x?x12xf32>, tensor<?x4x5x3xf32>
}

// -----

// Without a scale the query is multiplied by 1/sqrt(16); a decay of its own is the log decay per position.
// CHECK-LABEL: func.func @scaled
// CHECK: %[[QUARTER:.*]] = arith.constant 2.500000e-01 : f32
// CHECK: linalg.generic
// CHECK: arith.mulf %{{.*}}, %[[QUARTER]]
// CHECK: hybrid.ssd_scan ins({{.*}} : tensor<1x?x2x1x3xf32>, tensor<1x?x2x1xf32>, tensor<1x?x2x16xf32>, tensor<1x?x2x16xf32>) outs(
func.func @scaled(%q: tensor<1x?x32xf32> {onnx.name = "q", onnx.dims = ["1", "l", "32"]}, %k: tensor<1x?x32xf32> {onnx.name = "k", onnx.dims = ["1", "l", "32"]},
    %v: tensor<1x?x6xf32> {onnx.name = "v", onnx.dims = ["1", "l", "6"]}, %g: tensor<1x?x2xf32> {onnx.name = "g", onnx.dims = ["1", "l", "2"]})
    -> (tensor<1x?x6xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %y, %s = onnx.LinearAttention %q, %k, %v, %none, %g, %none
      {chunk_size = 64 : i64, kv_num_heads = 2 : i64, q_num_heads = 2 : i64, scale = 0.0 : f32, update_rule = "gated"}
      : (tensor<1x?x32xf32>, tensor<1x?x32xf32>, tensor<1x?x6xf32>, none, tensor<1x?x2xf32>, none) -> (tensor<1x?x6xf32>, tensor<1x2x16x3xf32>)
  return %y : tensor<1x?x6xf32>
}

// -----

// A delta rule is not a selective scan: a loop over the positions.
// CHECK: op = "LinearAttention", reason = "update_rule 'delta' is not a selective scan"
// CHECK-LABEL: func.func @delta
// CHECK-NOT: hybrid.ssd_scan
// CHECK: scf.for
func.func @delta(%q: tensor<1x?x8xf32> {onnx.name = "q", onnx.dims = ["1", "l", "8"]}, %v: tensor<1x?x6xf32> {onnx.name = "v", onnx.dims = ["1", "l", "6"]},
    %beta: tensor<1x?x2xf32> {onnx.name = "beta", onnx.dims = ["1", "l", "2"]}) -> (tensor<1x?x6xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %y, %s = onnx.LinearAttention %q, %q, %v, %none, %none, %beta
      {chunk_size = 64 : i64, kv_num_heads = 2 : i64, q_num_heads = 2 : i64, scale = 1.0 : f32, update_rule = "delta"}
      : (tensor<1x?x8xf32>, tensor<1x?x8xf32>, tensor<1x?x6xf32>, none, none, tensor<1x?x2xf32>) -> (tensor<1x?x6xf32>, tensor<1x2x4x3xf32>)
  return %y : tensor<1x?x6xf32>
}
