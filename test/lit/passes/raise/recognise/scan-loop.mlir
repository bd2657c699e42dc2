// RUN: jarana-opt %s --recognise-operators=only=scan-loop --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=scan-loop --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// The body of LinearAttention as a Scan over the positions.
// CHECK-LABEL: func.func @loop
// CHECK-NOT: onnx.Scan
// CHECK: %[[Y:.*]], %[[STATE:.*]] = onnx.LinearAttention %{{.*}}, %{{.*}}, %{{.*}}, %arg4, %arg3, %{{.*}} {kv_num_heads = 2 : i64
// CHECK: %[[R:.*]] = onnx.Reshape %[[Y]]
// CHECK: return %[[R]], %[[STATE]]
func.func @loop(%q: tensor<?x?x2x5xf32> {onnx.name = "q", onnx.dims = ["batch", "length", "2", "5"]}, %k: tensor<?x?x2x5xf32> {onnx.name = "k", onnx.dims = ["batch", "length", "2", "5"]},
    %v: tensor<?x?x2x3xf32> {onnx.name = "v", onnx.dims = ["batch", "length", "2", "3"]}, %decay: tensor<?x?x2xf32> {onnx.name = "decay", onnx.dims = ["batch", "length", "2"]},
    %past: tensor<?x2x5x3xf32> {onnx.name = "past", onnx.dims = ["batch", "2", "5", "3"]})
    -> (tensor<?x?x2x3xf32> {onnx.name = "y"}, tensor<?x2x5x3xf32> {onnx.name = "present"}) {
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %three = onnx.Constant dense<3> : tensor<1xi64>
  %d4 = onnx.Unsqueeze %decay, %three : (tensor<?x?x2xf32>, tensor<1xi64>) -> tensor<?x?x2x1xf32>
  %qt = onnx.Transpose %q {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x5xf32>) -> tensor<?x?x2x5xf32>
  %kt = onnx.Transpose %k {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x5xf32>) -> tensor<?x?x2x5xf32>
  %vt = onnx.Transpose %v {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x?x2x3xf32>
  %dt = onnx.Transpose %d4 {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x1xf32>) -> tensor<?x?x2x1xf32>
  %last, %ys = onnx.Scan %past, %qt, %kt, %vt, %dt {num_scan_inputs = 4 : i64, scan_input_axes = array<i64: 0, 0, 0, 0>, scan_input_directions = array<i64: 0, 0, 0, 0>, scan_output_axes = array<i64: 0>, scan_output_directions = array<i64: 0>}
      : (tensor<?x2x5x3xf32>, tensor<?x?x2x5xf32>, tensor<?x?x2x5xf32>, tensor<?x?x2x3xf32>, tensor<?x?x2x1xf32>) -> (tensor<?x2x5x3xf32>, tensor<?x?x2x3xf32>) {
  ^bb0(%s: tensor<?x2x5x3xf32>, %qs: tensor<?x2x5xf32>, %ks: tensor<?x2x5xf32>, %vs: tensor<?x2x3xf32>, %g: tensor<?x2x1xf32>):
    %e = onnx.Exp %g : (tensor<?x2x1xf32>) -> tensor<?x2x1xf32>
    %e4 = onnx.Unsqueeze %e, %three : (tensor<?x2x1xf32>, tensor<1xi64>) -> tensor<?x2x1x1xf32>
    %kept = onnx.Mul %s, %e4 : (tensor<?x2x5x3xf32>, tensor<?x2x1x1xf32>) -> tensor<?x2x5x3xf32>
    %k4 = onnx.Unsqueeze %ks, %three : (tensor<?x2x5xf32>, tensor<1xi64>) -> tensor<?x2x5x1xf32>
    %v4 = onnx.Unsqueeze %vs, %two : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x1x3xf32>
    %kv = onnx.MatMul %k4, %v4 : (tensor<?x2x5x1xf32>, tensor<?x2x1x3xf32>) -> tensor<?x2x5x3xf32>
    %new = onnx.Add %kept, %kv : (tensor<?x2x5x3xf32>, tensor<?x2x5x3xf32>) -> tensor<?x2x5x3xf32>
    %q4 = onnx.Unsqueeze %qs, %two : (tensor<?x2x5xf32>, tensor<1xi64>) -> tensor<?x2x1x5xf32>
    %o4 = onnx.MatMul %q4, %new : (tensor<?x2x1x5xf32>, tensor<?x2x5x3xf32>) -> tensor<?x2x1x3xf32>
    %o = onnx.Squeeze %o4, %two : (tensor<?x2x1x3xf32>, tensor<1xi64>) -> tensor<?x2x3xf32>
    onnx.yield %new, %o : tensor<?x2x5x3xf32>, tensor<?x2x3xf32>
  }
  %y = onnx.Transpose %ys {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x?x2x3xf32>
  return %y, %last : tensor<?x?x2x3xf32>, tensor<?x2x5x3xf32>
}

// -----

// The same without the decay.
// CHECK: module attributes {onnx.declined = [{kind = "LinearAttention", {{.*}}reason = "differs at
// CHECK-SAME: they part at Add 'Add': what it makes of the state at the begin and what each position adds to the state is no value
// CHECK-LABEL: func.func @forgets_nothing
// CHECK: onnx.Scan
func.func @forgets_nothing(%q: tensor<?x?x2x5xf32> {onnx.name = "q", onnx.dims = ["batch", "length", "2", "5"]}, %k: tensor<?x?x2x5xf32> {onnx.name = "k", onnx.dims = ["batch", "length", "2", "5"]},
    %v: tensor<?x?x2x3xf32> {onnx.name = "v", onnx.dims = ["batch", "length", "2", "3"]}, %decay: tensor<?x?x2xf32> {onnx.name = "decay", onnx.dims = ["batch", "length", "2"]},
    %past: tensor<?x2x5x3xf32> {onnx.name = "past", onnx.dims = ["batch", "2", "5", "3"]})
    -> (tensor<?x?x2x3xf32> {onnx.name = "y"}, tensor<?x2x5x3xf32> {onnx.name = "present"}) {
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %three = onnx.Constant dense<3> : tensor<1xi64>
  %d4 = onnx.Unsqueeze %decay, %three : (tensor<?x?x2xf32>, tensor<1xi64>) -> tensor<?x?x2x1xf32>
  %qt = onnx.Transpose %q {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x5xf32>) -> tensor<?x?x2x5xf32>
  %kt = onnx.Transpose %k {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x5xf32>) -> tensor<?x?x2x5xf32>
  %vt = onnx.Transpose %v {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x?x2x3xf32>
  %dt = onnx.Transpose %d4 {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x1xf32>) -> tensor<?x?x2x1xf32>
  %last, %ys = onnx.Scan %past, %qt, %kt, %vt, %dt {num_scan_inputs = 4 : i64, scan_input_axes = array<i64: 0, 0, 0, 0>, scan_input_directions = array<i64: 0, 0, 0, 0>, scan_output_axes = array<i64: 0>, scan_output_directions = array<i64: 0>}
      : (tensor<?x2x5x3xf32>, tensor<?x?x2x5xf32>, tensor<?x?x2x5xf32>, tensor<?x?x2x3xf32>, tensor<?x?x2x1xf32>) -> (tensor<?x2x5x3xf32>, tensor<?x?x2x3xf32>) {
  ^bb0(%s: tensor<?x2x5x3xf32>, %qs: tensor<?x2x5xf32>, %ks: tensor<?x2x5xf32>, %vs: tensor<?x2x3xf32>, %g: tensor<?x2x1xf32>):
    %e = onnx.Exp %g : (tensor<?x2x1xf32>) -> tensor<?x2x1xf32>
    %e4 = onnx.Unsqueeze %e, %three : (tensor<?x2x1xf32>, tensor<1xi64>) -> tensor<?x2x1x1xf32>
    %kept = onnx.Mul %s, %e4 : (tensor<?x2x5x3xf32>, tensor<?x2x1x1xf32>) -> tensor<?x2x5x3xf32>
    %k4 = onnx.Unsqueeze %ks, %three : (tensor<?x2x5xf32>, tensor<1xi64>) -> tensor<?x2x5x1xf32>
    %v4 = onnx.Unsqueeze %vs, %two : (tensor<?x2x3xf32>, tensor<1xi64>) -> tensor<?x2x1x3xf32>
    %kv = onnx.MatMul %k4, %v4 : (tensor<?x2x5x1xf32>, tensor<?x2x1x3xf32>) -> tensor<?x2x5x3xf32>
    %new = onnx.Add %s, %kv : (tensor<?x2x5x3xf32>, tensor<?x2x5x3xf32>) -> tensor<?x2x5x3xf32>
    %q4 = onnx.Unsqueeze %qs, %two : (tensor<?x2x5xf32>, tensor<1xi64>) -> tensor<?x2x1x5xf32>
    %o4 = onnx.MatMul %q4, %new : (tensor<?x2x1x5xf32>, tensor<?x2x5x3xf32>) -> tensor<?x2x1x3xf32>
    %o = onnx.Squeeze %o4, %two : (tensor<?x2x1x3xf32>, tensor<1xi64>) -> tensor<?x2x3xf32>
    onnx.yield %new, %o : tensor<?x2x5x3xf32>, tensor<?x2x3xf32>
  }
  %y = onnx.Transpose %ys {perm = array<i64: 1, 0, 2, 3>} : (tensor<?x?x2x3xf32>) -> tensor<?x?x2x3xf32>
  return %y, %last : tensor<?x?x2x3xf32>, tensor<?x2x5x3xf32>
}
