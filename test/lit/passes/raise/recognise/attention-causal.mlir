// RUN: jarana-opt %s --recognise-operators=only=attention --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=attention --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Scaled dot product attention of PyTorch as torch.onnx takes it apart: the scale as a factor of both sides, heads
// repeated, a mask of positions. The operator takes the heads as they were, and nothing is left of the mask.
// CHECK-LABEL: func.func @sdpa
// CHECK-NEXT: %[[NONE:.*]] = onnx.None
// CHECK-NEXT: %[[Y:.*]] = onnx.Attention %arg0, %arg1, %arg2, %[[NONE]], %[[NONE]], %[[NONE]], %[[NONE]]
// CHECK-SAME: is_causal = 1 : i64, onnx.recognised
// CHECK-SAME: kv_heads = "2"
// CHECK-SAME: visible = "causal"
// CHECK-SAME: scale = 2.500000e-01
// CHECK-NEXT: return %[[Y]]
func.func @sdpa(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  // Heads 0, 1 become 0, 0, 1, 1.
  %pairs = onnx.Concat %b, %i2, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %all = onnx.Concat %b, %i4, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %ku = onnx.Unsqueeze %k, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %kx = onnx.Expand %ku, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k4 = onnx.Reshape %kx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %vu = onnx.Unsqueeze %v, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %vx = onnx.Expand %vu, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %v4 = onnx.Reshape %vx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// The same, but each query sees the key after its own: the graph's mask stays.
// CHECK-LABEL: func.func @next
// CHECK: %[[SEEN:.*]] = onnx.LessOrEqual
// CHECK: %[[MASK:.*]] = onnx.Where %[[SEEN]]
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %[[MASK]], {{.*}} {onnx.recognised
// CHECK-SAME: visible = "as in the graph"
func.func @next(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  // Heads 0, 1 become 0, 0, 1, 1.
  %pairs = onnx.Concat %b, %i2, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %all = onnx.Concat %b, %i4, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %ku = onnx.Unsqueeze %k, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %kx = onnx.Expand %ku, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k4 = onnx.Reshape %kx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %vu = onnx.Unsqueeze %v, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %vx = onnx.Expand %vu, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %v4 = onnx.Reshape %vx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %after = onnx.Add %rows, %c1 : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %seen = onnx.LessOrEqual %columns, %after : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// A window of the last 5 keys.
// CHECK-LABEL: func.func @window
// CHECK-NEXT: %[[NONE:.*]] = onnx.None
// CHECK-NEXT: onnx.Attention %arg0, %arg1, %arg2, %[[NONE]], %[[NONE]], %[[NONE]], %[[NONE]]
// CHECK-SAME: is_causal = 1
// CHECK-SAME: left_window_size = 4
func.func @window(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  // Heads 0, 1 become 0, 0, 1, 1.
  %pairs = onnx.Concat %b, %i2, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %all = onnx.Concat %b, %i4, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %ku = onnx.Unsqueeze %k, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %kx = onnx.Expand %ku, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k4 = onnx.Reshape %kx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %vu = onnx.Unsqueeze %v, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %vx = onnx.Expand %vu, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %v4 = onnx.Reshape %vx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %four = onnx.Constant dense<4> : tensor<i64>
  %from = onnx.Sub %rows, %four : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %near = onnx.LessOrEqual %from, %columns : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %both = onnx.And %seen, %near : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// The values' heads are repeated as 0, 1, 0, 1: keys and values stay as the graph repeats them.
// CHECK-LABEL: func.func @order
// CHECK: %[[K:.*]] = onnx.Reshape
// CHECK: %[[V:.*]] = onnx.Concat %arg2, %arg2
// CHECK: onnx.Attention %arg0, %[[K]], %[[V]],
// CHECK-SAME: is_causal = 1
// CHECK-SAME: kv_heads = "4"
// CHECK-SAME: visible = "causal"
func.func @order(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  // Heads 0, 1 become 0, 0, 1, 1.
  %pairs = onnx.Concat %b, %i2, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %all = onnx.Concat %b, %i4, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %ku = onnx.Unsqueeze %k, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %kx = onnx.Expand %ku, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k4 = onnx.Reshape %kx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %v4 = onnx.Concat %v, %v {axis = 1 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x4x?x8xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// Written by hand ("eager"): the scale after the product, hidden scores replaced, and capped scores.
// CHECK-LABEL: func.func @eager
// CHECK: onnx.Attention %arg0, %arg1, %arg2,
// CHECK-SAME: is_causal = 1
// CHECK-SAME: scale = 1.250000e-01
// CHECK-SAME: softcap = 5.000000e+00
func.func @eager(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  // Heads 0, 1 become 0, 0, 1, 1.
  %pairs = onnx.Concat %b, %i2, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %all = onnx.Concat %b, %i4, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %ku = onnx.Unsqueeze %k, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %kx = onnx.Expand %ku, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k4 = onnx.Reshape %kx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %vu = onnx.Unsqueeze %v, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %vx = onnx.Expand %vu, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %v4 = onnx.Reshape %vx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %cap = onnx.Constant dense<5.0> : tensor<f32>
  %eighth = onnx.Constant dense<0.125> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %q, %kt : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scaled = onnx.Mul %qk, %eighth : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %small = onnx.Div %scaled, %cap : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %tanh = onnx.Tanh %small : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %capped = onnx.Mul %tanh, %cap : (tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Where %seen, %capped, %low : (tensor<?x?xi1>, tensor<?x4x?x?xf32>, tensor<f32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %p, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// Softmax over the queries is no attention.
// CHECK-LABEL: func.func @queries
// CHECK-NOT: onnx.Attention
// CHECK: onnx.Softmax
func.func @queries(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  // Heads 0, 1 become 0, 0, 1, 1.
  %pairs = onnx.Concat %b, %i2, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %all = onnx.Concat %b, %i4, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %ku = onnx.Unsqueeze %k, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %kx = onnx.Expand %ku, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k4 = onnx.Reshape %kx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %vu = onnx.Unsqueeze %v, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %vx = onnx.Expand %vu, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %v4 = onnx.Reshape %vx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = 2 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %p, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// An operator with a mask that is causal, and repeated heads.
// CHECK-LABEL: func.func @operator
// CHECK: %[[NONE:.*]] = onnx.None
// CHECK-NEXT: onnx.Attention %arg0, %arg1, %arg2, %[[NONE]], %[[NONE]], %[[NONE]], %[[NONE]]
// CHECK-SAME: is_causal = 1
func.func @operator(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  // Heads 0, 1 become 0, 0, 1, 1.
  %pairs = onnx.Concat %b, %i2, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<5xi64>
  %all = onnx.Concat %b, %i4, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %ku = onnx.Unsqueeze %k, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %kx = onnx.Expand %ku, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %k4 = onnx.Reshape %kx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %vu = onnx.Unsqueeze %v, %i2 : (tensor<?x2x?x8xf32>, tensor<1xi64>) -> tensor<?x2x1x?x8xf32>
  %vx = onnx.Expand %vu, %pairs : (tensor<?x2x1x?x8xf32>, tensor<5xi64>) -> tensor<?x2x2x?x8xf32>
  %v4 = onnx.Reshape %vx, %all {allowzero = 1 : i64} : (tensor<?x2x2x?x8xf32>, tensor<4xi64>) -> tensor<?x4x?x8xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %none = onnx.None : none
  %y = onnx.Attention %q, %k4, %v4, %seen, %none, %none, %none {scale = 0.25 : f32}
      : (tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x4x?x8xf32>, tensor<?x?xi1>, none, none, none) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// Products as Einsum, of tensors with the positions before the heads.
// CHECK-LABEL: func.func @einsum
// CHECK: %[[Q:.*]] = onnx.Transpose %arg0
// CHECK: %[[K:.*]] = onnx.Transpose %arg1
// CHECK: %[[V:.*]] = onnx.Transpose %arg2
// CHECK: %[[Y:.*]] = onnx.Attention %[[Q]], %[[K]], %[[V]],
// CHECK-SAME: is_causal = 1
// CHECK: %[[T:.*]] = onnx.Transpose %[[Y]] {perm = array<i64: 0, 2, 1, 3>}
// CHECK-NEXT: return %[[T]]
func.func @einsum(%q: tensor<?x?x4x8xf32> {onnx.name = "q", onnx.dims = ["batch", "seq", "4", "8"]},
    %k: tensor<?x?x4x8xf32> {onnx.name = "k", onnx.dims = ["batch", "seq", "4", "8"]},
    %v: tensor<?x?x4x8xf32> {onnx.name = "v", onnx.dims = ["batch", "seq", "4", "8"]})
    -> (tensor<?x?x4x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x?x4x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 1 : i64, end = 2 : i64} : (tensor<?x?x4x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i4 = onnx.Constant dense<4> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %qk = onnx.Einsum %q, %k {equation = "bqhd,bkhd->bhqk"} : (tensor<?x?x4x8xf32>, tensor<?x?x4x8xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.Einsum %p, %v {equation = "bhqk,bkhd->bqhd"} : (tensor<?x4x?x?xf32>, tensor<?x?x4x8xf32>) -> tensor<?x?x4x8xf32>
  return %y : tensor<?x?x4x8xf32>
}

// -----

// The weights' queries and keys have changed places: no attention.
// CHECK-LABEL: func.func @einsum_transposed
// CHECK-NOT: onnx.Attention
func.func @einsum_transposed(%q: tensor<?x?x4x8xf32> {onnx.name = "q", onnx.dims = ["batch", "seq", "4", "8"]},
    %k: tensor<?x?x4x8xf32> {onnx.name = "k", onnx.dims = ["batch", "seq", "4", "8"]},
    %v: tensor<?x?x4x8xf32> {onnx.name = "v", onnx.dims = ["batch", "seq", "4", "8"]})
    -> (tensor<?x?x4x8xf32> {onnx.name = "y"}) {
  %qk = onnx.Einsum %q, %k {equation = "bqhd,bkhd->bhqk"} : (tensor<?x?x4x8xf32>, tensor<?x?x4x8xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %qk {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.Einsum %p, %v {equation = "bhkq,bkhd->bqhd"} : (tensor<?x4x?x?xf32>, tensor<?x?x4x8xf32>) -> tensor<?x?x4x8xf32>
  return %y : tensor<?x?x4x8xf32>
}
