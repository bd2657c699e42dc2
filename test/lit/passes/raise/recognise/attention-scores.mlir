// RUN: jarana-opt %s --recognise-operators=only=attention --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=attention --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// gpt-oss: a column with a number for each head is appended to the scores and dropped after the softmax; the greatest
// score is taken away first, as softmax does by itself. A window of three keys.
// CHECK-LABEL: func.func @sink
// CHECK: %[[SINK:.*]] = onnx.Reshape %arg3
// CHECK: %[[Y:.*]] = onnx.AttentionWithSink %arg0, %arg1, %arg2, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[SINK]]
// CHECK-SAME: is_causal = 1 : i64, left_window_size = 2 : i64
// CHECK-NEXT: return %[[Y]]
func.func @sink(%q: tensor<?x2x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "2", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]},
    %sink: tensor<1x2x1x1xf32> {onnx.name = "sink", onnx.dims = ["1", "2", "1", "1"]}) -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %c3 = onnx.Constant dense<3> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %im1 = onnx.Constant dense<-1> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %before = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %first = onnx.Sub %rows, %c3 : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi64>
  %near = onnx.Greater %columns, %first : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %seen = onnx.And %before, %near : (tensor<?x?xi1>, tensor<?x?xi1>) -> tensor<?x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %kt = onnx.Transpose %k {perm = array<i64: 0, 1, 3, 2>} : (tensor<?x2x?x8xf32>) -> tensor<?x2x8x?xf32>
  %qk = onnx.MatMul %q, %kt : (tensor<?x2x?x8xf32>, tensor<?x2x8x?xf32>) -> tensor<?x2x?x?xf32>
  %scaled = onnx.Mul %qk, %half : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %scores = onnx.Add %scaled, %mask : (tensor<?x2x?x?xf32>, tensor<?x?xf32>) -> tensor<?x2x?x?xf32>
  %form = onnx.Concat %b, %i1, %s, %i1 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %column = onnx.Expand %sink, %form : (tensor<1x2x1x1xf32>, tensor<4xi64>) -> tensor<?x2x?x1xf32>
  %all = onnx.Concat %scores, %column {axis = -1 : i64} : (tensor<?x2x?x?xf32>, tensor<?x2x?x1xf32>) -> tensor<?x2x?x?xf32>
  %most = onnx.ReduceMax %all, %im1 {keepdims = 1 : i64} : (tensor<?x2x?x?xf32>, tensor<1xi64>) -> tensor<?x2x?x1xf32>
  %less = onnx.Sub %all, %most : (tensor<?x2x?x?xf32>, tensor<?x2x?x1xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %less {axis = -1 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %w = onnx.Slice %p, %i0, %im1, %im1, %i1 : (tensor<?x2x?x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x?x?xf32>
  %y = onnx.MatMul %w, %v : (tensor<?x2x?x?xf32>, tensor<?x2x?x8xf32>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}

// -----

// Bloom: a bias for each head and key (ALiBi), and products with batch and heads as one dimension. The bias stays as it
// is, [b, h, 1, s]; the mask of positions does not.
// CHECK-LABEL: func.func @alibi
// CHECK: %[[BIAS:.*]] = onnx.Reshape {{.*}} -> tensor<?x2x1x?xf32>
// CHECK: onnx.Attention %arg0, %arg1, %arg2, %[[BIAS]],
// CHECK-SAME: is_causal = 1 : i64
// CHECK-SAME: visible = "causal"
// CHECK-NOT: onnx.MatMul
func.func @alibi(%q: tensor<?x2x?x8xf32> {onnx.name = "q", onnx.dims = ["batch", "2", "seq", "8"]},
    %k: tensor<?x2x?x8xf32> {onnx.name = "k", onnx.dims = ["batch", "2", "seq", "8"]},
    %v: tensor<?x2x?x8xf32> {onnx.name = "v", onnx.dims = ["batch", "2", "seq", "8"]}) -> (tensor<?x2x?x8xf32> {onnx.name = "y"}) {
  %b = onnx.Shape %k {start = 0 : i64, end = 1 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %s = onnx.Shape %k {start = 2 : i64, end = 3 : i64} : (tensor<?x2x?x8xf32>) -> tensor<1xi64>
  %c0 = onnx.Constant dense<0> : tensor<i64>
  %c1 = onnx.Constant dense<1> : tensor<i64>
  %i0 = onnx.Constant dense<0> : tensor<1xi64>
  %i1 = onnx.Constant dense<1> : tensor<1xi64>
  %i2 = onnx.Constant dense<2> : tensor<1xi64>
  %i8 = onnx.Constant dense<8> : tensor<1xi64>
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %low = onnx.Constant dense<-3.40282347E+38> : tensor<f32>
  %half = onnx.Constant dense<0.5> : tensor<f32>
  %slopes = onnx.Constant dense<[[[0.25]], [[0.0625]]]> : tensor<2x1x1xf32>
  %length = onnx.Squeeze %s, %i0 : (tensor<1xi64>, tensor<1xi64>) -> tensor<i64>
  %range = onnx.Range %c0, %length, %c1 : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %places = onnx.Cast %range {to = f32} : (tensor<?xi64>) -> tensor<?xf32>
  %bias = onnx.Mul %slopes, %places : (tensor<2x1x1xf32>, tensor<?xf32>) -> tensor<2x1x?xf32>
  %times = onnx.Concat %b, %i1, %i1 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %biases = onnx.Tile %bias, %times : (tensor<2x1x?xf32>, tensor<3xi64>) -> tensor<?x1x?xf32>
  %rows = onnx.Unsqueeze %range, %i1 : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %columns = onnx.Unsqueeze %range, %i0 : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %seen = onnx.LessOrEqual %columns, %rows : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %mask = onnx.Where %seen, %zero, %low : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %both = onnx.Mul %b, %i2 : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %flat = onnx.Concat %both, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %square = onnx.Concat %both, %s, %s {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %squares = onnx.Concat %b, %i2, %s, %s {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %heads = onnx.Concat %b, %i2, %s, %i8 {axis = 0 : i64} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %qf = onnx.Reshape %q, %flat {allowzero = 1 : i64} : (tensor<?x2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %kf = onnx.Reshape %k, %flat {allowzero = 1 : i64} : (tensor<?x2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %vf = onnx.Reshape %v, %flat {allowzero = 1 : i64} : (tensor<?x2x?x8xf32>, tensor<3xi64>) -> tensor<?x?x8xf32>
  %kt = onnx.Transpose %kf {perm = array<i64: 0, 2, 1>} : (tensor<?x?x8xf32>) -> tensor<?x8x?xf32>
  %qk = onnx.MatMul %qf, %kt : (tensor<?x?x8xf32>, tensor<?x8x?xf32>) -> tensor<?x?x?xf32>
  %scaled = onnx.Mul %qk, %half : (tensor<?x?x?xf32>, tensor<f32>) -> tensor<?x?x?xf32>
  %biased = onnx.Add %scaled, %biases : (tensor<?x?x?xf32>, tensor<?x1x?xf32>) -> tensor<?x?x?xf32>
  %open = onnx.Reshape %biased, %squares {allowzero = 1 : i64} : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x2x?x?xf32>
  %scores = onnx.Add %open, %mask : (tensor<?x2x?x?xf32>, tensor<?x?xf32>) -> tensor<?x2x?x?xf32>
  %p = onnx.Softmax %scores {axis = -1 : i64} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %w = onnx.Reshape %p, %square {allowzero = 1 : i64} : (tensor<?x2x?x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %yf = onnx.MatMul %w, %vf : (tensor<?x?x?xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %y = onnx.Reshape %yf, %heads {allowzero = 1 : i64} : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x2x?x8xf32>
  return %y : tensor<?x2x?x8xf32>
}
