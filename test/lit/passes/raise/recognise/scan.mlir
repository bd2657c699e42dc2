// RUN: jarana-opt %s --recognise-operators=only=scan --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=scan --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// A chunked scan of 10 positions in chunks of 4, as transformers writes it: 2 heads of 3, a state of 5.
// CHECK-LABEL: func.func @chunked
// CHECK-NOT: onnx.CumSum
// CHECK-NOT: onnx.Einsum
// CHECK-DAG: %[[Q:.*]] = onnx.Reshape %arg3, {{.*}} -> tensor<?x10x10xf32>
// CHECK-DAG: %[[K:.*]] = onnx.Reshape %arg2, {{.*}} -> tensor<?x10x10xf32>
// CHECK-DAG: %[[V:.*]] = onnx.Reshape %arg1, {{.*}} -> tensor<?x10x6xf32>
// CHECK: %[[Y:.*]], %{{.*}} = onnx.LinearAttention %[[Q]], %[[K]], %[[V]], %{{.*}}, %arg0, %{{.*}} {kv_num_heads = 2 : i64
// CHECK-SAME: chunk = "4"
// CHECK-SAME: q_num_heads = 2 : i64, scale = 1.000000e+00 : f32, update_rule = "gated"
// CHECK: %[[R:.*]] = onnx.Reshape %[[Y]]
// CHECK-NEXT: return %[[R]]
func.func @chunked(%decay: tensor<?x10x2xf32> {onnx.name = "decay", onnx.dims = ["batch", "10", "2"]}, %v: tensor<?x10x2x3xf32> {onnx.name = "v", onnx.dims = ["batch", "10", "2", "3"]}, %b: tensor<?x10x2x5xf32> {onnx.name = "b", onnx.dims = ["batch", "10", "2", "5"]}, %c: tensor<?x10x2x5xf32> {onnx.name = "c", onnx.dims = ["batch", "10", "2", "5"]})
    -> (tensor<?x10x2x3xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %i0_0_0_0_0_2_0_0 = onnx.Constant dense<[0, 0, 0, 0, 0, 2, 0, 0]> : tensor<8xi64>
  %none = onnx.None : none
  %v1 = onnx.Pad %v, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x3xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x3xf32>
  %im1_3_4_2_3 = onnx.Constant dense<[-1, 3, 4, 2, 3]> : tensor<5xi64>
  %v2 = onnx.Reshape %v1, %im1_3_4_2_3 {allowzero = 0 : i64} : (tensor<?x12x2x3xf32>, tensor<5xi64>) -> tensor<?x3x4x2x3xf32>
  %v3 = onnx.Pad %b, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x5xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x5xf32>
  %im1_3_4_2_5 = onnx.Constant dense<[-1, 3, 4, 2, 5]> : tensor<5xi64>
  %v4 = onnx.Reshape %v3, %im1_3_4_2_5 {allowzero = 0 : i64} : (tensor<?x12x2x5xf32>, tensor<5xi64>) -> tensor<?x3x4x2x5xf32>
  %v5 = onnx.Pad %c, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x5xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x5xf32>
  %v6 = onnx.Reshape %v5, %im1_3_4_2_5 {allowzero = 0 : i64} : (tensor<?x12x2x5xf32>, tensor<5xi64>) -> tensor<?x3x4x2x5xf32>
  %i0_0_0_0_2_0 = onnx.Constant dense<[0, 0, 0, 0, 2, 0]> : tensor<6xi64>
  %v7 = onnx.Pad %decay, %i0_0_0_0_2_0, %zero, %none : (tensor<?x10x2xf32>, tensor<6xi64>, tensor<f32>, none) -> tensor<?x12x2xf32>
  %im1_3_4_2 = onnx.Constant dense<[-1, 3, 4, 2]> : tensor<4xi64>
  %v8 = onnx.Reshape %v7, %im1_3_4_2 {allowzero = 0 : i64} : (tensor<?x12x2xf32>, tensor<4xi64>) -> tensor<?x3x4x2xf32>
  %v9 = onnx.Transpose %v8 {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x3x4x2xf32>) -> tensor<?x2x3x4xf32>
  %m1 = onnx.Constant dense<-1> : tensor<i64>
  %m2 = onnx.Constant dense<-2> : tensor<i64>
  %v10 = onnx.CumSum %v9, %m1 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x3x4xf32>, tensor<i64>) -> tensor<?x2x3x4xf32>
  %ninf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %below = onnx.Constant dense<[[true, true, true, true], [false, true, true, true], [false, false, true, true], [false, false, false, true]]> : tensor<4x4xi1>
  %upto = onnx.Constant dense<[[false, true, true, true], [false, false, true, true], [false, false, false, true], [false, false, false, false]]> : tensor<4x4xi1>
  %i4 = onnx.Constant dense<[4]> : tensor<1xi64>
  %v11 = onnx.Unsqueeze %v9, %i4 : (tensor<?x2x3x4xf32>, tensor<1xi64>) -> tensor<?x2x3x4x1xf32>
  %i1_1_1_1_4 = onnx.Constant dense<[1, 1, 1, 1, 4]> : tensor<5xi64>
  %v12 = onnx.Expand %v11, %i1_1_1_1_4 : (tensor<?x2x3x4x1xf32>, tensor<5xi64>) -> tensor<?x2x3x4x4xf32>
  %v13 = onnx.Where %below, %zero, %v12 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v14 = onnx.CumSum %v13, %m2 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x3x4x4xf32>, tensor<i64>) -> tensor<?x2x3x4x4xf32>
  %v15 = onnx.Where %upto, %ninf, %v14 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v16 = onnx.Exp %v15 : (tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v17 = onnx.Transpose %v16 {perm = array<i64: 0, 2, 3, 4, 1>} : (tensor<?x2x3x4x4xf32>) -> tensor<?x3x4x4x2xf32>
  %v18 = onnx.Einsum %v6, %v4 {equation = "bclhn,bcshn->bclsh"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x5xf32>) -> tensor<?x3x4x4x2xf32>
  %v19 = onnx.Mul %v18, %v17 : (tensor<?x3x4x4x2xf32>, tensor<?x3x4x4x2xf32>) -> tensor<?x3x4x4x2xf32>
  %v20 = onnx.Einsum %v19, %v2 {equation = "bclsh,bcshp->bclhp"} : (tensor<?x3x4x4x2xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x4x2x3xf32>
  %im1 = onnx.Constant dense<[-1]> : tensor<1xi64>
  %i3 = onnx.Constant dense<[3]> : tensor<1xi64>
  %i1 = onnx.Constant dense<[1]> : tensor<1xi64>
  %v21 = onnx.Slice %v10, %im1, %i4, %i3, %i1 : (tensor<?x2x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v22 = onnx.Sub %v21, %v10 : (tensor<?x2x3x1xf32>, tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v23 = onnx.Exp %v22 : (tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v24 = onnx.Transpose %v23 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x3x4xf32>) -> tensor<?x3x4x2xf32>
  %v25 = onnx.Unsqueeze %v24, %i4 : (tensor<?x3x4x2xf32>, tensor<1xi64>) -> tensor<?x3x4x2x1xf32>
  %v26 = onnx.Mul %v4, %v25 : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x1xf32>) -> tensor<?x3x4x2x5xf32>
  %v27 = onnx.Einsum %v26, %v2 {equation = "bclhn,bclhp->bchpn"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x2x3x5xf32>
  %i0 = onnx.Constant dense<[0]> : tensor<1xi64>
  %v28 = onnx.Slice %v27, %i0, %i1, %i1, %i1 : (tensor<?x3x2x3x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x2x3x5xf32>
  %v29 = onnx.Shape %v28 {start = 0 : i64} : (tensor<?x1x2x3x5xf32>) -> tensor<5xi64>
  %v30 = onnx.Expand %zero, %v29 : (tensor<f32>, tensor<5xi64>) -> tensor<?x1x2x3x5xf32>
  %v31 = onnx.Concat %v30, %v27 {axis = 1 : i64} : (tensor<?x1x2x3x5xf32>, tensor<?x3x2x3x5xf32>) -> tensor<?x4x2x3x5xf32>
  %last = onnx.Constant dense<-1> : tensor<i64>
  %v32 = onnx.Gather %v10, %last {axis = 3 : i64} : (tensor<?x2x3x4xf32>, tensor<i64>) -> tensor<?x2x3xf32>
  %i0_0_1_0_0_0 = onnx.Constant dense<[0, 0, 1, 0, 0, 0]> : tensor<6xi64>
  %v33 = onnx.Pad %v32, %i0_0_1_0_0_0, %none, %none : (tensor<?x2x3xf32>, tensor<6xi64>, none, none) -> tensor<?x2x4xf32>
  %v34 = onnx.Unsqueeze %v33, %i3 : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x4x1xf32>
  %i1_1_1_4 = onnx.Constant dense<[1, 1, 1, 4]> : tensor<4xi64>
  %v35 = onnx.Expand %v34, %i1_1_1_4 : (tensor<?x2x4x1xf32>, tensor<4xi64>) -> tensor<?x2x4x4xf32>
  %v36 = onnx.Where %below, %zero, %v35 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v37 = onnx.CumSum %v36, %m2 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x4x4xf32>, tensor<i64>) -> tensor<?x2x4x4xf32>
  %v38 = onnx.Where %upto, %ninf, %v37 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v39 = onnx.Exp %v38 : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v40 = onnx.Transpose %v39 {perm = array<i64: 0, 3, 2, 1>} : (tensor<?x2x4x4xf32>) -> tensor<?x4x4x2xf32>
  %v41 = onnx.Einsum %v40, %v31 {equation = "bzch,bzhpn->bchpn"} : (tensor<?x4x4x2xf32>, tensor<?x4x2x3x5xf32>) -> tensor<?x4x2x3x5xf32>
  %v42 = onnx.Slice %v41, %i0, %im1, %i1, %i1 : (tensor<?x4x2x3x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x2x3x5xf32>
  %v43 = onnx.Einsum %v6, %v42 {equation = "bclhn,bchpn->bclhp"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x2x3x5xf32>) -> tensor<?x3x4x2x3xf32>
  %v44 = onnx.Exp %v10 : (tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v45 = onnx.Transpose %v44 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x3x4xf32>) -> tensor<?x3x4x2xf32>
  %v46 = onnx.Unsqueeze %v45, %i4 : (tensor<?x3x4x2xf32>, tensor<1xi64>) -> tensor<?x3x4x2x1xf32>
  %v47 = onnx.Mul %v43, %v46 : (tensor<?x3x4x2x3xf32>, tensor<?x3x4x2x1xf32>) -> tensor<?x3x4x2x3xf32>
  %v48 = onnx.Add %v20, %v47 : (tensor<?x3x4x2x3xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x4x2x3xf32>
  %im1_12_2_3 = onnx.Constant dense<[-1, 12, 2, 3]> : tensor<4xi64>
  %v49 = onnx.Reshape %v48, %im1_12_2_3 {allowzero = 0 : i64} : (tensor<?x3x4x2x3xf32>, tensor<4xi64>) -> tensor<?x12x2x3xf32>
  %i10 = onnx.Constant dense<[10]> : tensor<1xi64>
  %v50 = onnx.Slice %v49, %i0, %i10, %i1, %i1 : (tensor<?x12x2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x10x2x3xf32>
  return %v50 : tensor<?x10x2x3xf32>
}

// -----

// The state that enters and the state after the last chunk are the operator's, transposed.
// CHECK-LABEL: func.func @states
// CHECK-NOT: onnx.CumSum
// CHECK: %[[PAST:.*]] = onnx.Transpose %arg4 {perm = array<i64: 0, 1, 3, 2>}
// CHECK: %{{.*}}, %[[STATE:.*]] = onnx.LinearAttention %{{.*}}, %{{.*}}, %{{.*}}, %[[PAST]], %arg0
// CHECK: onnx.Transpose %[[STATE]] {perm = array<i64: 0, 1, 3, 2>}
func.func @states(%decay: tensor<?x10x2xf32> {onnx.name = "decay", onnx.dims = ["batch", "10", "2"]}, %v: tensor<?x10x2x3xf32> {onnx.name = "v", onnx.dims = ["batch", "10", "2", "3"]}, %b: tensor<?x10x2x5xf32> {onnx.name = "b", onnx.dims = ["batch", "10", "2", "5"]}, %c: tensor<?x10x2x5xf32> {onnx.name = "c", onnx.dims = ["batch", "10", "2", "5"]}, %past: tensor<?x2x3x5xf32> {onnx.name = "past", onnx.dims = ["batch", "2", "3", "5"]})
    -> (tensor<?x10x2x3xf32> {onnx.name = "y"}, tensor<?x2x3x5xf32> {onnx.name = "state"}) {
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %i0_0_0_0_0_2_0_0 = onnx.Constant dense<[0, 0, 0, 0, 0, 2, 0, 0]> : tensor<8xi64>
  %none = onnx.None : none
  %v1 = onnx.Pad %v, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x3xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x3xf32>
  %im1_3_4_2_3 = onnx.Constant dense<[-1, 3, 4, 2, 3]> : tensor<5xi64>
  %v2 = onnx.Reshape %v1, %im1_3_4_2_3 {allowzero = 0 : i64} : (tensor<?x12x2x3xf32>, tensor<5xi64>) -> tensor<?x3x4x2x3xf32>
  %v3 = onnx.Pad %b, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x5xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x5xf32>
  %im1_3_4_2_5 = onnx.Constant dense<[-1, 3, 4, 2, 5]> : tensor<5xi64>
  %v4 = onnx.Reshape %v3, %im1_3_4_2_5 {allowzero = 0 : i64} : (tensor<?x12x2x5xf32>, tensor<5xi64>) -> tensor<?x3x4x2x5xf32>
  %v5 = onnx.Pad %c, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x5xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x5xf32>
  %v6 = onnx.Reshape %v5, %im1_3_4_2_5 {allowzero = 0 : i64} : (tensor<?x12x2x5xf32>, tensor<5xi64>) -> tensor<?x3x4x2x5xf32>
  %i0_0_0_0_2_0 = onnx.Constant dense<[0, 0, 0, 0, 2, 0]> : tensor<6xi64>
  %v7 = onnx.Pad %decay, %i0_0_0_0_2_0, %zero, %none : (tensor<?x10x2xf32>, tensor<6xi64>, tensor<f32>, none) -> tensor<?x12x2xf32>
  %im1_3_4_2 = onnx.Constant dense<[-1, 3, 4, 2]> : tensor<4xi64>
  %v8 = onnx.Reshape %v7, %im1_3_4_2 {allowzero = 0 : i64} : (tensor<?x12x2xf32>, tensor<4xi64>) -> tensor<?x3x4x2xf32>
  %v9 = onnx.Transpose %v8 {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x3x4x2xf32>) -> tensor<?x2x3x4xf32>
  %m1 = onnx.Constant dense<-1> : tensor<i64>
  %m2 = onnx.Constant dense<-2> : tensor<i64>
  %v10 = onnx.CumSum %v9, %m1 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x3x4xf32>, tensor<i64>) -> tensor<?x2x3x4xf32>
  %ninf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %below = onnx.Constant dense<[[true, true, true, true], [false, true, true, true], [false, false, true, true], [false, false, false, true]]> : tensor<4x4xi1>
  %upto = onnx.Constant dense<[[false, true, true, true], [false, false, true, true], [false, false, false, true], [false, false, false, false]]> : tensor<4x4xi1>
  %i4 = onnx.Constant dense<[4]> : tensor<1xi64>
  %v11 = onnx.Unsqueeze %v9, %i4 : (tensor<?x2x3x4xf32>, tensor<1xi64>) -> tensor<?x2x3x4x1xf32>
  %i1_1_1_1_4 = onnx.Constant dense<[1, 1, 1, 1, 4]> : tensor<5xi64>
  %v12 = onnx.Expand %v11, %i1_1_1_1_4 : (tensor<?x2x3x4x1xf32>, tensor<5xi64>) -> tensor<?x2x3x4x4xf32>
  %v13 = onnx.Where %below, %zero, %v12 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v14 = onnx.CumSum %v13, %m2 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x3x4x4xf32>, tensor<i64>) -> tensor<?x2x3x4x4xf32>
  %v15 = onnx.Where %upto, %ninf, %v14 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v16 = onnx.Exp %v15 : (tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v17 = onnx.Transpose %v16 {perm = array<i64: 0, 2, 3, 4, 1>} : (tensor<?x2x3x4x4xf32>) -> tensor<?x3x4x4x2xf32>
  %v18 = onnx.Einsum %v6, %v4 {equation = "bclhn,bcshn->bclsh"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x5xf32>) -> tensor<?x3x4x4x2xf32>
  %v19 = onnx.Mul %v18, %v17 : (tensor<?x3x4x4x2xf32>, tensor<?x3x4x4x2xf32>) -> tensor<?x3x4x4x2xf32>
  %v20 = onnx.Einsum %v19, %v2 {equation = "bclsh,bcshp->bclhp"} : (tensor<?x3x4x4x2xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x4x2x3xf32>
  %im1 = onnx.Constant dense<[-1]> : tensor<1xi64>
  %i3 = onnx.Constant dense<[3]> : tensor<1xi64>
  %i1 = onnx.Constant dense<[1]> : tensor<1xi64>
  %v21 = onnx.Slice %v10, %im1, %i4, %i3, %i1 : (tensor<?x2x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v22 = onnx.Sub %v21, %v10 : (tensor<?x2x3x1xf32>, tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v23 = onnx.Exp %v22 : (tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v24 = onnx.Transpose %v23 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x3x4xf32>) -> tensor<?x3x4x2xf32>
  %v25 = onnx.Unsqueeze %v24, %i4 : (tensor<?x3x4x2xf32>, tensor<1xi64>) -> tensor<?x3x4x2x1xf32>
  %v26 = onnx.Mul %v4, %v25 : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x1xf32>) -> tensor<?x3x4x2x5xf32>
  %v27 = onnx.Einsum %v26, %v2 {equation = "bclhn,bclhp->bchpn"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x2x3x5xf32>
  %v28 = onnx.Unsqueeze %past, %i1 : (tensor<?x2x3x5xf32>, tensor<1xi64>) -> tensor<?x1x2x3x5xf32>
  %v29 = onnx.Concat %v28, %v27 {axis = 1 : i64} : (tensor<?x1x2x3x5xf32>, tensor<?x3x2x3x5xf32>) -> tensor<?x4x2x3x5xf32>
  %last = onnx.Constant dense<-1> : tensor<i64>
  %v30 = onnx.Gather %v10, %last {axis = 3 : i64} : (tensor<?x2x3x4xf32>, tensor<i64>) -> tensor<?x2x3xf32>
  %i0_0_1_0_0_0 = onnx.Constant dense<[0, 0, 1, 0, 0, 0]> : tensor<6xi64>
  %v31 = onnx.Pad %v30, %i0_0_1_0_0_0, %none, %none : (tensor<?x2x3xf32>, tensor<6xi64>, none, none) -> tensor<?x2x4xf32>
  %v32 = onnx.Unsqueeze %v31, %i3 : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x4x1xf32>
  %i1_1_1_4 = onnx.Constant dense<[1, 1, 1, 4]> : tensor<4xi64>
  %v33 = onnx.Expand %v32, %i1_1_1_4 : (tensor<?x2x4x1xf32>, tensor<4xi64>) -> tensor<?x2x4x4xf32>
  %v34 = onnx.Where %below, %zero, %v33 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v35 = onnx.CumSum %v34, %m2 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x4x4xf32>, tensor<i64>) -> tensor<?x2x4x4xf32>
  %v36 = onnx.Where %upto, %ninf, %v35 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v37 = onnx.Exp %v36 : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v38 = onnx.Transpose %v37 {perm = array<i64: 0, 3, 2, 1>} : (tensor<?x2x4x4xf32>) -> tensor<?x4x4x2xf32>
  %v39 = onnx.Einsum %v38, %v29 {equation = "bzch,bzhpn->bchpn"} : (tensor<?x4x4x2xf32>, tensor<?x4x2x3x5xf32>) -> tensor<?x4x2x3x5xf32>
  %i0 = onnx.Constant dense<[0]> : tensor<1xi64>
  %v40 = onnx.Slice %v39, %i0, %im1, %i1, %i1 : (tensor<?x4x2x3x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x2x3x5xf32>
  %v41 = onnx.Einsum %v6, %v40 {equation = "bclhn,bchpn->bclhp"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x2x3x5xf32>) -> tensor<?x3x4x2x3xf32>
  %v42 = onnx.Exp %v10 : (tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v43 = onnx.Transpose %v42 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x3x4xf32>) -> tensor<?x3x4x2xf32>
  %v44 = onnx.Unsqueeze %v43, %i4 : (tensor<?x3x4x2xf32>, tensor<1xi64>) -> tensor<?x3x4x2x1xf32>
  %v45 = onnx.Mul %v41, %v44 : (tensor<?x3x4x2x3xf32>, tensor<?x3x4x2x1xf32>) -> tensor<?x3x4x2x3xf32>
  %v46 = onnx.Add %v20, %v45 : (tensor<?x3x4x2x3xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x4x2x3xf32>
  %im1_12_2_3 = onnx.Constant dense<[-1, 12, 2, 3]> : tensor<4xi64>
  %v47 = onnx.Reshape %v46, %im1_12_2_3 {allowzero = 0 : i64} : (tensor<?x3x4x2x3xf32>, tensor<4xi64>) -> tensor<?x12x2x3xf32>
  %i10 = onnx.Constant dense<[10]> : tensor<1xi64>
  %v48 = onnx.Slice %v47, %i0, %i10, %i1, %i1 : (tensor<?x12x2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x10x2x3xf32>
  %v49 = onnx.Gather %v39, %m1 {axis = 1 : i64} : (tensor<?x4x2x3x5xf32>, tensor<i64>) -> tensor<?x2x3x5xf32>
  return %v48, %v49 : tensor<?x10x2x3xf32>, tensor<?x2x3x5xf32>
}

// -----

// The decay of a whole chunk leaves out its last position, which no result shows before the third chunk.
// CHECK: module attributes {onnx.declined = [{kind = "LinearAttention", {{.*}}reason = "differs at batch=1, first in element
// CHECK-SAME: they part at Gather 'Gather': it gives only a part of the running sums of decays in a chunk"
// CHECK-LABEL: func.func @shorter_decay
// CHECK-NOT: onnx.LinearAttention
func.func @shorter_decay(%decay: tensor<?x10x2xf32> {onnx.name = "decay", onnx.dims = ["batch", "10", "2"]}, %v: tensor<?x10x2x3xf32> {onnx.name = "v", onnx.dims = ["batch", "10", "2", "3"]}, %b: tensor<?x10x2x5xf32> {onnx.name = "b", onnx.dims = ["batch", "10", "2", "5"]}, %c: tensor<?x10x2x5xf32> {onnx.name = "c", onnx.dims = ["batch", "10", "2", "5"]})
    -> (tensor<?x10x2x3xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0.0> : tensor<f32>
  %i0_0_0_0_0_2_0_0 = onnx.Constant dense<[0, 0, 0, 0, 0, 2, 0, 0]> : tensor<8xi64>
  %none = onnx.None : none
  %v1 = onnx.Pad %v, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x3xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x3xf32>
  %im1_3_4_2_3 = onnx.Constant dense<[-1, 3, 4, 2, 3]> : tensor<5xi64>
  %v2 = onnx.Reshape %v1, %im1_3_4_2_3 {allowzero = 0 : i64} : (tensor<?x12x2x3xf32>, tensor<5xi64>) -> tensor<?x3x4x2x3xf32>
  %v3 = onnx.Pad %b, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x5xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x5xf32>
  %im1_3_4_2_5 = onnx.Constant dense<[-1, 3, 4, 2, 5]> : tensor<5xi64>
  %v4 = onnx.Reshape %v3, %im1_3_4_2_5 {allowzero = 0 : i64} : (tensor<?x12x2x5xf32>, tensor<5xi64>) -> tensor<?x3x4x2x5xf32>
  %v5 = onnx.Pad %c, %i0_0_0_0_0_2_0_0, %zero, %none : (tensor<?x10x2x5xf32>, tensor<8xi64>, tensor<f32>, none) -> tensor<?x12x2x5xf32>
  %v6 = onnx.Reshape %v5, %im1_3_4_2_5 {allowzero = 0 : i64} : (tensor<?x12x2x5xf32>, tensor<5xi64>) -> tensor<?x3x4x2x5xf32>
  %i0_0_0_0_2_0 = onnx.Constant dense<[0, 0, 0, 0, 2, 0]> : tensor<6xi64>
  %v7 = onnx.Pad %decay, %i0_0_0_0_2_0, %zero, %none : (tensor<?x10x2xf32>, tensor<6xi64>, tensor<f32>, none) -> tensor<?x12x2xf32>
  %im1_3_4_2 = onnx.Constant dense<[-1, 3, 4, 2]> : tensor<4xi64>
  %v8 = onnx.Reshape %v7, %im1_3_4_2 {allowzero = 0 : i64} : (tensor<?x12x2xf32>, tensor<4xi64>) -> tensor<?x3x4x2xf32>
  %v9 = onnx.Transpose %v8 {perm = array<i64: 0, 3, 1, 2>} : (tensor<?x3x4x2xf32>) -> tensor<?x2x3x4xf32>
  %m1 = onnx.Constant dense<-1> : tensor<i64>
  %m2 = onnx.Constant dense<-2> : tensor<i64>
  %v10 = onnx.CumSum %v9, %m1 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x3x4xf32>, tensor<i64>) -> tensor<?x2x3x4xf32>
  %ninf = onnx.Constant dense<0xFF800000> : tensor<f32>
  %below = onnx.Constant dense<[[true, true, true, true], [false, true, true, true], [false, false, true, true], [false, false, false, true]]> : tensor<4x4xi1>
  %upto = onnx.Constant dense<[[false, true, true, true], [false, false, true, true], [false, false, false, true], [false, false, false, false]]> : tensor<4x4xi1>
  %i4 = onnx.Constant dense<[4]> : tensor<1xi64>
  %v11 = onnx.Unsqueeze %v9, %i4 : (tensor<?x2x3x4xf32>, tensor<1xi64>) -> tensor<?x2x3x4x1xf32>
  %i1_1_1_1_4 = onnx.Constant dense<[1, 1, 1, 1, 4]> : tensor<5xi64>
  %v12 = onnx.Expand %v11, %i1_1_1_1_4 : (tensor<?x2x3x4x1xf32>, tensor<5xi64>) -> tensor<?x2x3x4x4xf32>
  %v13 = onnx.Where %below, %zero, %v12 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v14 = onnx.CumSum %v13, %m2 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x3x4x4xf32>, tensor<i64>) -> tensor<?x2x3x4x4xf32>
  %v15 = onnx.Where %upto, %ninf, %v14 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v16 = onnx.Exp %v15 : (tensor<?x2x3x4x4xf32>) -> tensor<?x2x3x4x4xf32>
  %v17 = onnx.Transpose %v16 {perm = array<i64: 0, 2, 3, 4, 1>} : (tensor<?x2x3x4x4xf32>) -> tensor<?x3x4x4x2xf32>
  %v18 = onnx.Einsum %v6, %v4 {equation = "bclhn,bcshn->bclsh"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x5xf32>) -> tensor<?x3x4x4x2xf32>
  %v19 = onnx.Mul %v18, %v17 : (tensor<?x3x4x4x2xf32>, tensor<?x3x4x4x2xf32>) -> tensor<?x3x4x4x2xf32>
  %v20 = onnx.Einsum %v19, %v2 {equation = "bclsh,bcshp->bclhp"} : (tensor<?x3x4x4x2xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x4x2x3xf32>
  %im1 = onnx.Constant dense<[-1]> : tensor<1xi64>
  %i3 = onnx.Constant dense<[3]> : tensor<1xi64>
  %i1 = onnx.Constant dense<[1]> : tensor<1xi64>
  %v21 = onnx.Slice %v10, %im1, %i4, %i3, %i1 : (tensor<?x2x3x4xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x2x3x1xf32>
  %v22 = onnx.Sub %v21, %v10 : (tensor<?x2x3x1xf32>, tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v23 = onnx.Exp %v22 : (tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v24 = onnx.Transpose %v23 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x3x4xf32>) -> tensor<?x3x4x2xf32>
  %v25 = onnx.Unsqueeze %v24, %i4 : (tensor<?x3x4x2xf32>, tensor<1xi64>) -> tensor<?x3x4x2x1xf32>
  %v26 = onnx.Mul %v4, %v25 : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x1xf32>) -> tensor<?x3x4x2x5xf32>
  %v27 = onnx.Einsum %v26, %v2 {equation = "bclhn,bclhp->bchpn"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x2x3x5xf32>
  %i0 = onnx.Constant dense<[0]> : tensor<1xi64>
  %v28 = onnx.Slice %v27, %i0, %i1, %i1, %i1 : (tensor<?x3x2x3x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x1x2x3x5xf32>
  %v29 = onnx.Shape %v28 {start = 0 : i64} : (tensor<?x1x2x3x5xf32>) -> tensor<5xi64>
  %v30 = onnx.Expand %zero, %v29 : (tensor<f32>, tensor<5xi64>) -> tensor<?x1x2x3x5xf32>
  %v31 = onnx.Concat %v30, %v27 {axis = 1 : i64} : (tensor<?x1x2x3x5xf32>, tensor<?x3x2x3x5xf32>) -> tensor<?x4x2x3x5xf32>
  %last = onnx.Constant dense<-2> : tensor<i64>
  %v32 = onnx.Gather %v10, %last {axis = 3 : i64} : (tensor<?x2x3x4xf32>, tensor<i64>) -> tensor<?x2x3xf32>
  %i0_0_1_0_0_0 = onnx.Constant dense<[0, 0, 1, 0, 0, 0]> : tensor<6xi64>
  %v33 = onnx.Pad %v32, %i0_0_1_0_0_0, %none, %none : (tensor<?x2x3xf32>, tensor<6xi64>, none, none) -> tensor<?x2x4xf32>
  %v34 = onnx.Unsqueeze %v33, %i3 : (tensor<?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x4x1xf32>
  %i1_1_1_4 = onnx.Constant dense<[1, 1, 1, 4]> : tensor<4xi64>
  %v35 = onnx.Expand %v34, %i1_1_1_4 : (tensor<?x2x4x1xf32>, tensor<4xi64>) -> tensor<?x2x4x4xf32>
  %v36 = onnx.Where %below, %zero, %v35 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v37 = onnx.CumSum %v36, %m2 {exclusive = 0 : i64, reverse = 0 : i64} : (tensor<?x2x4x4xf32>, tensor<i64>) -> tensor<?x2x4x4xf32>
  %v38 = onnx.Where %upto, %ninf, %v37 : (tensor<4x4xi1>, tensor<f32>, tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v39 = onnx.Exp %v38 : (tensor<?x2x4x4xf32>) -> tensor<?x2x4x4xf32>
  %v40 = onnx.Transpose %v39 {perm = array<i64: 0, 3, 2, 1>} : (tensor<?x2x4x4xf32>) -> tensor<?x4x4x2xf32>
  %v41 = onnx.Einsum %v40, %v31 {equation = "bzch,bzhpn->bchpn"} : (tensor<?x4x4x2xf32>, tensor<?x4x2x3x5xf32>) -> tensor<?x4x2x3x5xf32>
  %v42 = onnx.Slice %v41, %i0, %im1, %i1, %i1 : (tensor<?x4x2x3x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x2x3x5xf32>
  %v43 = onnx.Einsum %v6, %v42 {equation = "bclhn,bchpn->bclhp"} : (tensor<?x3x4x2x5xf32>, tensor<?x3x2x3x5xf32>) -> tensor<?x3x4x2x3xf32>
  %v44 = onnx.Exp %v10 : (tensor<?x2x3x4xf32>) -> tensor<?x2x3x4xf32>
  %v45 = onnx.Transpose %v44 {perm = array<i64: 0, 2, 3, 1>} : (tensor<?x2x3x4xf32>) -> tensor<?x3x4x2xf32>
  %v46 = onnx.Unsqueeze %v45, %i4 : (tensor<?x3x4x2xf32>, tensor<1xi64>) -> tensor<?x3x4x2x1xf32>
  %v47 = onnx.Mul %v43, %v46 : (tensor<?x3x4x2x3xf32>, tensor<?x3x4x2x1xf32>) -> tensor<?x3x4x2x3xf32>
  %v48 = onnx.Add %v20, %v47 : (tensor<?x3x4x2x3xf32>, tensor<?x3x4x2x3xf32>) -> tensor<?x3x4x2x3xf32>
  %im1_12_2_3 = onnx.Constant dense<[-1, 12, 2, 3]> : tensor<4xi64>
  %v49 = onnx.Reshape %v48, %im1_12_2_3 {allowzero = 0 : i64} : (tensor<?x3x4x2x3xf32>, tensor<4xi64>) -> tensor<?x12x2x3xf32>
  %i10 = onnx.Constant dense<[10]> : tensor<1xi64>
  %v50 = onnx.Slice %v49, %i0, %i10, %i1, %i1 : (tensor<?x12x2x3xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x10x2x3xf32>
  return %v50 : tensor<?x10x2x3xf32>
}
