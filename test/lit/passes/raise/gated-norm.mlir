// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// The gate before the norm, groups, and a weight applied once the groups are together again.
// CHECK-LABEL: func.func @before
// CHECK: %[[Y:.*]] = hybrid.rms_norm ins(%arg0 : tensor<?x8xf32>) weight(%arg2 : tensor<8xf32>) gate(%arg1 : tensor<?x8xf32>) outs({{.*}}) {epsilon = 9.99999974E-6 : f32, groups = 2 : i64}
// CHECK-NEXT: return %[[Y]]
func.func @before(%y: tensor<?x8xf32> {onnx.name = "y", onnx.dims = ["l", "8"]}, %z: tensor<?x8xf32> {onnx.name = "z", onnx.dims = ["l", "8"]},
    %w: tensor<8xf32> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<?x8xf32> {onnx.name = "out"}) {
  %ones = onnx.Constant dense<1.0> : tensor<4xf32>
  %cut = onnx.Constant dense<[-1, 2, 4]> : tensor<3xi64>
  %flat = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %0 = onnx.Sigmoid %z : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Mul %z, %0 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = onnx.Mul %y, %1 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.Reshape %2, %cut {allowzero = 0 : i64} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
  %4 = onnx.RMSNormalization %3, %ones {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<?x2x4xf32>, tensor<4xf32>) -> tensor<?x2x4xf32>
  %5 = onnx.Reshape %4, %flat {allowzero = 0 : i64} : (tensor<?x2x4xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %6 = onnx.Mul %w, %5 : (tensor<8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %6 : tensor<?x8xf32>
}

// -----

// The gate after the norm; the weight is cut into groups too.
// CHECK-LABEL: func.func @after
// CHECK: hybrid.rms_norm ins(%arg0 : tensor<?x8xf32>) weight(%{{.*}} : tensor<8xf32>) gate(%arg1 : tensor<?x8xf32>) outs({{.*}}) {{{.*}}gate_position = #hybrid.gate_position<after>, groups = 2 : i64}
func.func @after(%y: tensor<?x8xf32> {onnx.name = "y", onnx.dims = ["l", "8"]}, %z: tensor<?x8xf32> {onnx.name = "z", onnx.dims = ["l", "8"]},
    %w: tensor<2x4xf32> {onnx.name = "w", onnx.dims = ["2", "4"]}) -> (tensor<?x8xf32> {onnx.name = "out"}) {
  %ones = onnx.Constant dense<1.0> : tensor<4xf32>
  %cut = onnx.Constant dense<[-1, 2, 4]> : tensor<3xi64>
  %flat = onnx.Constant dense<[-1, 8]> : tensor<2xi64>
  %0 = onnx.Sigmoid %z : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Mul %z, %0 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.Reshape %y, %cut {allowzero = 0 : i64} : (tensor<?x8xf32>, tensor<3xi64>) -> tensor<?x2x4xf32>
  %4 = onnx.RMSNormalization %3, %ones {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<?x2x4xf32>, tensor<4xf32>) -> tensor<?x2x4xf32>
  %5 = onnx.Mul %w, %4 : (tensor<2x4xf32>, tensor<?x2x4xf32>) -> tensor<?x2x4xf32>
  %6 = onnx.Reshape %5, %flat {allowzero = 0 : i64} : (tensor<?x2x4xf32>, tensor<2xi64>) -> tensor<?x8xf32>
  %7 = onnx.Mul %6, %1 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// -----

// The gate before a norm that has its weight.
// CHECK-LABEL: func.func @plain
// CHECK: hybrid.rms_norm ins(%arg0 : tensor<?x8xf32>) weight(%arg2 : tensor<8xf32>) gate(%arg1 : tensor<?x8xf32>) outs({{.*}}) {epsilon = 9.99999974E-6 : f32}
func.func @plain(%y: tensor<?x8xf32> {onnx.name = "y", onnx.dims = ["l", "8"]}, %z: tensor<?x8xf32> {onnx.name = "z", onnx.dims = ["l", "8"]},
    %w: tensor<8xf32> {onnx.name = "w", onnx.dims = ["8"]}) -> (tensor<?x8xf32> {onnx.name = "out"}) {
  %0 = onnx.Sigmoid %z : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Mul %z, %0 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = onnx.Mul %1, %y : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.RMSNormalization %2, %w {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// -----

// A sigmoid of another tensor is no SiLU, and one weight per position is no weight of the norm.
// CHECK-LABEL: func.func @others
// CHECK: %[[Y:.*]] = hybrid.rms_norm ins(%{{.*}} : tensor<?x8xf32>) outs
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %arg2
func.func @others(%y: tensor<?x8xf32> {onnx.name = "y", onnx.dims = ["l", "8"]}, %z: tensor<?x8xf32> {onnx.name = "z", onnx.dims = ["l", "8"]},
    %w: tensor<?x1xf32> {onnx.name = "w", onnx.dims = ["l", "1"]}) -> (tensor<?x8xf32> {onnx.name = "out"}) {
  %ones = onnx.Constant dense<1.0> : tensor<8xf32>
  %0 = onnx.Sigmoid %y : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Mul %z, %0 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = onnx.Mul %y, %1 : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.RMSNormalization %2, %ones {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %4 = onnx.Mul %3, %w : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// -----

// A norm that is used before its weight stays a norm of its own.
// CHECK-LABEL: func.func @used
// CHECK: %[[Y:.*]] = hybrid.rms_norm ins(%arg0 : tensor<?x8xf32>) outs
// CHECK: %[[Z:.*]] = linalg.generic {{.*}} ins(%arg1, %[[Y]]
// CHECK: return %[[Y]], %[[Z]]
func.func @used(%y: tensor<?x8xf32> {onnx.name = "y", onnx.dims = ["l", "8"]}, %w: tensor<8xf32> {onnx.name = "w", onnx.dims = ["8"]})
    -> (tensor<?x8xf32> {onnx.name = "out"}, tensor<?x8xf32> {onnx.name = "more"}) {
  %ones = onnx.Constant dense<1.0> : tensor<8xf32>
  %0 = onnx.RMSNormalization %y, %ones {axis = -1 : i64, epsilon = 1.0e-5 : f32, stash_type = 1 : i64} : (tensor<?x8xf32>, tensor<8xf32>) -> tensor<?x8xf32>
  %1 = onnx.Mul %w, %0 : (tensor<8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x8xf32>
}
