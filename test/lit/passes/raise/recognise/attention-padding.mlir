// RUN: jarana-opt %s --recognise-operators=only=attention --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=attention --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// transformers' OnnxExporter: rows without keys are 0, as the operator has them.
// CHECK-LABEL: func.func @zero_rows
// CHECK-DAG: %[[BOOL:.*]] = onnx.Cast %arg3 {to = i1}
// CHECK-DAG: %[[KEYS:.*]] = onnx.Unsqueeze %[[BOOL]]
// CHECK: %[[Y:.*]] = onnx.Attention %arg0, %arg1, %arg2, %[[KEYS]],
// CHECK-SAME: is_causal = 1
// CHECK-NOT: rows_without_keys
// CHECK-SAME: visible = "causal and padding"
// CHECK-NEXT: return %[[Y]]
func.func @zero_rows(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
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
  %i12 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %i3 = onnx.Constant dense<3> : tensor<1xi64>
  %tiny = onnx.Constant dense<0.5> : tensor<f32>
  %count = onnx.Cast %both {to = f32} : (tensor<?x1x?x?xi1>) -> tensor<?x1x?x?xf32>
  %sum = onnx.ReduceSum %count, %i3 {keepdims = 1 : i64} : (tensor<?x1x?x?xf32>, tensor<1xi64>) -> tensor<?x1x?x1xf32>
  %alone = onnx.Less %sum, %tiny : (tensor<?x1x?x1xf32>, tensor<f32>) -> tensor<?x1x?x1xi1>
  %not = onnx.Not %both : (tensor<?x1x?x?xi1>) -> tensor<?x1x?x?xi1>
  %float = onnx.Cast %not {to = f32} : (tensor<?x1x?x?xi1>) -> tensor<?x1x?x?xf32>
  %mask = onnx.Mul %float, %low : (tensor<?x1x?x?xf32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %p, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %kept = onnx.Where %alone, %zero, %y : (tensor<?x1x?x1xi1>, tensor<f32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %kept : tensor<?x4x?x8xf32>
}

// -----

// Rows without keys get the mean of all values here. Only their own results depend on them, which mean nothing.
// CHECK-LABEL: func.func @mean_rows
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %{{[0-9]+}},
// CHECK-SAME: is_causal = 1
// CHECK-SAME: rows_without_keys
// CHECK-SAME: visible = "causal and padding"
// CHECK-NEXT: onnx.Transpose
func.func @mean_rows(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
    -> (tensor<?x?x6xf32> {onnx.name = "y"}) {
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
  %i12 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %weight = onnx.Constant dense<0.5> : tensor<32x6xf32>
  %yt = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %yf = onnx.Reshape %yt, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  %out = onnx.MatMul %yf, %weight : (tensor<?x?x32xf32>, tensor<32x6xf32>) -> tensor<?x?x6xf32>
  return %out : tensor<?x?x6xf32>
}

// -----

// Here sums over all positions depend on them: the mask of the graph stays, which gives the same mean.
// CHECK-LABEL: func.func @mean_rows_used
// CHECK: %[[MASK:.*]] = onnx.Where
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %[[MASK]], {{.*}} {onnx.recognised
// CHECK-SAME: visible = "as in the graph"
func.func @mean_rows_used(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
    -> (tensor<?x?x6xf32> {onnx.name = "y"}) {
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
  %i12 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %weight = onnx.Constant dense<0.5> : tensor<32x6xf32>
  %yt = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %yf = onnx.Reshape %yt, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  %out = onnx.MatMul %yf, %weight : (tensor<?x?x32xf32>, tensor<32x6xf32>) -> tensor<?x?x6xf32>
  %sums = onnx.CumSum %out, %c1 : (tensor<?x?x6xf32>, tensor<i64>) -> tensor<?x?x6xf32>
  return %sums : tensor<?x?x6xf32>
}

// -----

// Here they are multiplied by the padding first.
// CHECK-LABEL: func.func @mean_rows_masked
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %{{[0-9]+}},
// CHECK-SAME: is_causal = 1
// CHECK-SAME: rows_without_keys
func.func @mean_rows_masked(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
    -> (tensor<?x?x6xf32> {onnx.name = "y"}) {
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
  %i12 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %weight = onnx.Constant dense<0.5> : tensor<32x6xf32>
  %yt = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %yf = onnx.Reshape %yt, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  %out = onnx.MatMul %yf, %weight : (tensor<?x?x32xf32>, tensor<32x6xf32>) -> tensor<?x?x6xf32>
  %real = onnx.Unsqueeze %attention_mask, %i2 : (tensor<?x?xi64>, tensor<1xi64>) -> tensor<?x?x1xi64>
  %factor = onnx.Cast %real {to = f32} : (tensor<?x?x1xi64>) -> tensor<?x?x1xf32>
  %clean = onnx.Mul %out, %factor : (tensor<?x?x6xf32>, tensor<?x?x1xf32>) -> tensor<?x?x6xf32>
  %sums = onnx.CumSum %clean, %c1 : (tensor<?x?x6xf32>, tensor<i64>) -> tensor<?x?x6xf32>
  return %sums : tensor<?x?x6xf32>
}

// -----

// The padding hides queries, not keys: the graph's own mask.
// CHECK-LABEL: func.func @queries
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %{{[0-9]+}},
// CHECK-SAME: visible = "as in the graph"
func.func @queries(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
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
  %i12 = onnx.Constant dense<[1, 3]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x?x1xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x?x1xi1>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  return %y : tensor<?x4x?x8xf32>
}

// -----

// With a past: the caches become the operator's, and the offset of the mask is what the operator has.
// CHECK-LABEL: func.func @past
// CHECK-NEXT: %[[NONE:.*]] = onnx.None
// CHECK-NEXT: %[[Y:.*]], %[[CACHES:.*]]:2 = onnx.Attention %arg0, %arg1, %arg2, %[[NONE]], %arg3, %arg4, %[[NONE]]
// CHECK-SAME: is_causal = 1
// CHECK-NEXT: return %[[Y]], %[[CACHES]]#0, %[[CACHES]]#1
func.func @past(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "new", "8"]},
    %newk: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "new", "8"]},
    %newv: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "new", "8"]},
    %pastk: tensor<?x2x?x8xf32> {onnx.name = "pk", onnx.dims = ["batch", "2", "past", "8"]},
    %pastv: tensor<?x2x?x8xf32> {onnx.name = "pv", onnx.dims = ["batch", "2", "past", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}, tensor<?x2x?x8xf32> {onnx.name = "key"}, tensor<?x2x?x8xf32> {onnx.name = "value"}) {
  %k = onnx.Concat %pastk, %newk {axis = 2 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %v = onnx.Concat %pastv, %newv {axis = 2 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
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
  %ps = onnx.Shape %pastk {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %ms = onnx.Shape %q {start = 2 : i64, end = 3 : i64} : (tensor<?x4x?x8xf32>) -> tensor<1xi64>
  %p0 = onnx.Squeeze %ps, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %m0 = onnx.Squeeze %ms, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %s0 = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %queries = onnx.Range %c0, %m0, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %positions = onnx.Add %queries, %p0 : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %range = onnx.Range %c0, %s0, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %positions, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
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
  return %y, %k, %v : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
}

// -----

// The queries are taken for the first positions although there is a past: the graph's own mask says so.
// CHECK-LABEL: func.func @past_without_offset
// CHECK: onnx.LessOrEqual
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %{{[0-9]+}}, %arg3, %arg4,
// CHECK-SAME: visible = "causal and as in the graph"
func.func @past_without_offset(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "new", "8"]},
    %newk: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "new", "8"]},
    %newv: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "new", "8"]},
    %pastk: tensor<?x2x?x8xf32> {onnx.name = "pk", onnx.dims = ["batch", "2", "past", "8"]},
    %pastv: tensor<?x2x?x8xf32> {onnx.name = "pv", onnx.dims = ["batch", "2", "past", "8"]})
    -> (tensor<?x4x?x8xf32> {onnx.name = "y"}, tensor<?x2x?x8xf32> {onnx.name = "key"}, tensor<?x2x?x8xf32> {onnx.name = "value"}) {
  %k = onnx.Concat %pastk, %newk {axis = 2 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  %v = onnx.Concat %pastv, %newv {axis = 2 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
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
  %ps = onnx.Shape %pastk {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %ms = onnx.Shape %q {start = 2 : i64, end = 3 : i64} : (tensor<?x4x?x8xf32>) -> tensor<1xi64>
  %p0 = onnx.Squeeze %ps, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %m0 = onnx.Squeeze %ms, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %s0 = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %queries = onnx.Range %c0, %m0, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %positions = onnx.Add %queries, %c0 : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %range = onnx.Range %c0, %s0, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %positions, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
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
  return %y, %k, %v : tensor<?x4x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
}

// -----

// One query after all keys sees them all.
// CHECK-LABEL: func.func @step
// CHECK-NEXT: %[[NONE:.*]] = onnx.None
// CHECK-NEXT: %{{.*}}, %{{.*}}:2 = onnx.Attention %arg0, %arg1, %arg2, %[[NONE]], %arg3, %arg4, %[[NONE]] {onnx.recognised
// CHECK-SAME: visible = "all"
func.func @step(%q: tensor<?x4x1x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "1", "8"]},
    %newk: tensor<?x2x1x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "1", "8"]},
    %newv: tensor<?x2x1x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "1", "8"]},
    %pastk: tensor<?x2x?x8xf32> {onnx.name = "pk", onnx.dims = ["batch", "2", "past", "8"]},
    %pastv: tensor<?x2x?x8xf32> {onnx.name = "pv", onnx.dims = ["batch", "2", "past", "8"]})
    -> (tensor<?x4x1x8xf32> {onnx.name = "y"}, tensor<?x2x?x8xf32> {onnx.name = "key"}, tensor<?x2x?x8xf32> {onnx.name = "value"}) {
  %k = onnx.Concat %pastk, %newk {axis = 2 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x1x8xf32>) -> tensor<?x2x?x8xf32>
  %v = onnx.Concat %pastv, %newv {axis = 2 : i64} : (tensor<?x2x?x8xf32>, tensor<?x2x1x8xf32>) -> tensor<?x2x?x8xf32>
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
  %ps = onnx.Shape %pastk {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %ms = onnx.Shape %q {start = 2 : i64, end = 3 : i64} : (tensor<?x4x1x8xf32>) -> tensor<1xi64>
  %p0 = onnx.Squeeze %ps, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %m0 = onnx.Squeeze %ms, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %s0 = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %queries = onnx.Range %c0, %m0, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<1xi64>
  %positions = onnx.Add %queries, %p0 : (tensor<1xi64>, tensor<i64>) -> tensor<1xi64>
  %range = onnx.Range %c0, %s0, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %positions, %i1 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<1x1xi64>) -> tensor<1x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<1x?xi1>, tensor<f32>, tensor<f32>) -> tensor<1x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x1x8xf32>, tensor<f32>) -> tensor<?x4x1x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x1x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x1x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x1x?xf32>, tensor<1x?xf32>) -> tensor<?x4x1x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x1x?xf32>) -> tensor<?x4x1x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x1x?xf32>) -> tensor<?x4x1x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x1x?xi1>, tensor<f32>, tensor<?x4x1x?xf32>) -> tensor<?x4x1x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x1x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x1x8xf32>
  return %y, %k, %v : tensor<?x4x1x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>
}

// -----

// A second attention hides the same keys, so rows of padding are seen by rows of padding alone.
// CHECK-LABEL: func.func @two_layers
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %{{[0-9]+}},
// CHECK-SAME: is_causal = 1
// CHECK-SAME: rows_without_keys
// CHECK: onnx.Attention
// CHECK-SAME: is_causal = 1
// CHECK-SAME: rows_without_keys
func.func @two_layers(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
    -> (tensor<?x?x32xf32> {onnx.name = "y"}) {
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
  %i12 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %split = onnx.Constant dense<[0, 0, 4, 8]> : tensor<4xi64>
  %weight = onnx.Constant dense<0.5> : tensor<32x32xf32>
  %yt = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %yf = onnx.Reshape %yt, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  %h = onnx.MatMul %yf, %weight : (tensor<?x?x32xf32>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
  %h4 = onnx.Reshape %h, %split {allowzero = 0 : i64} : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  %q2 = onnx.Transpose %h4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  %k2 = onnx.Transpose %h4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x8x?xf32>
  %qk2 = onnx.MatMul %q2, %k2 : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores2 = onnx.Add %qk2, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p2 = onnx.Softmax %scores2 {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y2 = onnx.MatMul %p2, %q2 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %yt2 = onnx.Transpose %y2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %out = onnx.Reshape %yt2, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  return %out : tensor<?x?x32xf32>
}

// -----

// The second one sees all keys, rows of padding among them.
// CHECK-LABEL: func.func @two_layers_seen
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %{{[0-9]+}}, {{.*}} {onnx.recognised
// CHECK-SAME: visible = "as in the graph"
// CHECK: onnx.Attention
// CHECK-SAME: visible = "all"
func.func @two_layers_seen(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
    -> (tensor<?x?x32xf32> {onnx.name = "y"}) {
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
  %i12 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %split = onnx.Constant dense<[0, 0, 4, 8]> : tensor<4xi64>
  %weight = onnx.Constant dense<0.5> : tensor<32x32xf32>
  %yt = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %yf = onnx.Reshape %yt, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  %h = onnx.MatMul %yf, %weight : (tensor<?x?x32xf32>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
  %h4 = onnx.Reshape %h, %split {allowzero = 0 : i64} : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  %q2 = onnx.Transpose %h4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  %k2 = onnx.Transpose %h4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x8x?xf32>
  %qk2 = onnx.MatMul %q2, %k2 : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %p2 = onnx.Softmax %qk2 {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y2 = onnx.MatMul %p2, %q2 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %yt2 = onnx.Transpose %y2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %out = onnx.Reshape %yt2, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  return %out : tensor<?x?x32xf32>
}

// -----

// The second one sees what the first one hides.
// CHECK-LABEL: func.func @two_layers_turned
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %{{[0-9]+}}, {{.*}} {onnx.recognised
// CHECK-SAME: visible = "as in the graph"
// CHECK: onnx.Attention
// CHECK-SAME: visible = "as in the graph"
func.func @two_layers_turned(%q: tensor<?x4x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "4", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %attention_mask: tensor<?x?xi64> {onnx.name = "attention_mask", onnx.dims = ["batch", "seq"]})
    -> (tensor<?x?x32xf32> {onnx.name = "y"}) {
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
  %i12 = onnx.Constant dense<[1, 2]> : tensor<2xi64>
  %bool = onnx.Cast %attention_mask {to = i1} : (tensor<?x?xi64>) -> tensor<?x?xi1>
  %keys = onnx.Unsqueeze %bool, %i12 : (tensor<?x?xi1>, tensor<2xi64>) -> tensor<?x1x1x?xi1>
  %both = onnx.And %seen, %keys : (tensor<?x?xi1>, tensor<?x1x1x?xi1>) -> tensor<?x1x?x?xi1>
  %mask = onnx.Where %both, %zero, %low : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %turned = onnx.Where %both, %low, %zero : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %root = onnx.Constant dense<0.5> : tensor<f32>
  %kt = onnx.Transpose %k4 {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x4x?x8xf32>) -> tensor<?x4x8x?xf32>
  %qs = onnx.Mul %q, %root : (tensor<?x4x?x8xf32>, tensor<f32>) -> tensor<?x4x?x8xf32>
  %ks = onnx.Mul %kt, %root : (tensor<?x4x8x?xf32>, tensor<f32>) -> tensor<?x4x8x?xf32>
  %qk = onnx.MatMul %qs, %ks : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores = onnx.Add %qk, %mask : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %nan = onnx.IsNaN %p : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xi1>
  %w = onnx.Where %nan, %zero, %p : (tensor<?x4x?x?xi1>, tensor<f32>, tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y = onnx.MatMul %w, %v4 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %flat = onnx.Constant dense<[0, 0, 32]> : tensor<3xi64>
  %split = onnx.Constant dense<[0, 0, 4, 8]> : tensor<4xi64>
  %weight = onnx.Constant dense<0.5> : tensor<32x32xf32>
  %yt = onnx.Transpose %y {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %yf = onnx.Reshape %yt, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  %h = onnx.MatMul %yf, %weight : (tensor<?x?x32xf32>, tensor<32x32xf32>) -> tensor<?x?x32xf32>
  %h4 = onnx.Reshape %h, %split {allowzero = 0 : i64} : (tensor<?x?x32xf32>, tensor<4xi64>) -> tensor<?x?x4x8xf32>
  %q2 = onnx.Transpose %h4 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x?x8xf32>
  %k2 = onnx.Transpose %h4 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x?x4x8xf32>) -> tensor<?x4x8x?xf32>
  %qk2 = onnx.MatMul %q2, %k2 : (tensor<?x4x?x8xf32>, tensor<?x4x8x?xf32>) -> tensor<?x4x?x?xf32>
  %scores2 = onnx.Add %qk2, %turned : (tensor<?x4x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x4x?x?xf32>
  %p2 = onnx.Softmax %scores2 {axis = -1 : i64} : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %y2 = onnx.MatMul %p2, %q2 : (tensor<?x4x?x?xf32>, tensor<?x4x?x8xf32>) -> tensor<?x4x?x8xf32>
  %yt2 = onnx.Transpose %y2 {perm = array<i64: 0, 2, 1, 3>} : (tensor<?x4x?x8xf32>) -> tensor<?x?x4x8xf32>
  %out = onnx.Reshape %yt2, %flat {allowzero = 0 : i64} : (tensor<?x?x4x8xf32>, tensor<3xi64>) -> tensor<?x?x32xf32>
  return %out : tensor<?x?x32xf32>
}
