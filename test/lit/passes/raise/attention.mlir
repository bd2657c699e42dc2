// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Rank 3, grouped heads, past keys and values: the causal frontier is moved by the length of the past.
// CHECK: facts = {head_dim = "8", heads = "4", kv_heads = "2", mask = "causal and bias"}
// CHECK-LABEL: func.func @past
// CHECK-DAG: %[[P:.*]] = tensor.dim %arg4
// CHECK-DAG: %[[P64:.*]] = arith.index_cast %[[P]] : index to i64
// CHECK: %[[OFFSET:.*]] = tensor.from_elements %[[P64]] : tensor<i64>
// CHECK: hybrid.attention ins(%{{.*}} : tensor<?x2x2x?x8xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>) bias(%{{.*}} : tensor<1x1x1x?x?xf32>) query_offset(%[[OFFSET]] : tensor<i64>)
// CHECK-SAME: mask = #hybrid.mask<causal>, scale = 2.500000e-01 : f32
func.func @past(%q: tensor<?x?x32xf32> {onnx.name = "q", onnx.dims = ["b", "m", "32"]}, %k: tensor<?x?x16xf32> {onnx.name = "k", onnx.dims = ["b", "m", "16"]},
    %v: tensor<?x?x16xf32> {onnx.name = "v", onnx.dims = ["b", "m", "16"]}, %mask: tensor<?x?xf32> {onnx.name = "mask", onnx.dims = ["m", "past + m"]},
    %pk: tensor<?x2x?x8xf32> {onnx.name = "pk", onnx.dims = ["b", "2", "past", "8"]}, %pv: tensor<?x2x?x8xf32> {onnx.name = "pv", onnx.dims = ["b", "2", "past", "8"]})
    -> (tensor<?x?x32xf32> {onnx.name = "y"}, tensor<?x2x?x8xf32> {onnx.name = "key"}) {
  %none = onnx.None : none
  %y, %key, %value = onnx.Attention %q, %k, %v, %mask, %pk, %pv, %none
      {is_causal = 1 : i64, kv_num_heads = 2 : i64, q_num_heads = 4 : i64, left_window_size = -1 : i64, right_window_size = -1 : i64,
       qk_matmul_output_mode = 0 : i64, scale = 0.25 : f32, softcap = 0.0 : f32}
      : (tensor<?x?x32xf32>, tensor<?x?x16xf32>, tensor<?x?x16xf32>, tensor<?x?xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>, none)
      -> (tensor<?x?x32xf32>, tensor<?x2x?x8xf32>, tensor<?x2x?x8xf32>)
  return %y, %key : tensor<?x?x32xf32>, tensor<?x2x?x8xf32>
}

// -----

// A boolean mask becomes 0 and -inf; the default scale is 1/sqrt(16).
// CHECK-LABEL: func.func @boolean
// CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
// CHECK: hybrid.attention ins(%{{.*}} : tensor<2x3x1x5x16xf32>, tensor<2x3x7x16xf32>, tensor<2x3x7x4xf32>) bias(%{{.*}} : tensor<2x1x1x5x7xf32>) outs(%{{.*}} : tensor<2x3x1x5x4xf32>)
// CHECK-SAME: scale = 2.500000e-01 : f32
func.func @boolean(%q: tensor<2x3x5x16xf32> {onnx.name = "q", onnx.dims = ["2", "3", "5", "16"]}, %k: tensor<2x3x7x16xf32> {onnx.name = "k", onnx.dims = ["2", "3", "7", "16"]},
    %v: tensor<2x3x7x4xf32> {onnx.name = "v", onnx.dims = ["2", "3", "7", "4"]}, %mask: tensor<2x1x5x7xi1> {onnx.name = "mask", onnx.dims = ["2", "1", "5", "7"]})
    -> (tensor<2x3x5x4xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %y = onnx.Attention %q, %k, %v, %mask, %none, %none, %none
      {is_causal = 0 : i64, left_window_size = -1 : i64, right_window_size = -1 : i64, qk_matmul_output_mode = 0 : i64, softcap = 0.0 : f32}
      : (tensor<2x3x5x16xf32>, tensor<2x3x7x16xf32>, tensor<2x3x7x4xf32>, tensor<2x1x5x7xi1>, none, none, none) -> tensor<2x3x5x4xf32>
  return %y : tensor<2x3x5x4xf32>
}
