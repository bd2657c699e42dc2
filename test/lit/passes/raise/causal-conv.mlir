// RUN: jarana-opt %s --raise-onnx --canonicalize --cse --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Channels come first at the boundary and last inside.
// CHECK-LABEL: func.func @silu
// CHECK-DAG: %[[X:.*]] = linalg.transpose ins(%arg0 : tensor<?x6x?xf32>) {{.*}} permutation = [0, 2, 1]
// CHECK-DAG: %[[W:.*]] = tensor.collapse_shape %arg1 {{.*}} : tensor<6x1x4xf32> into tensor<6x4xf32>
// CHECK-DAG: %[[STATE:.*]] = linalg.transpose ins(%arg3 : tensor<?x6x3xf32>)
// CHECK: %[[Y:.*]]:2 = hybrid.causal_conv1d ins(%[[X]], %[[W]] : tensor<?x?x6xf32>, tensor<6x4xf32>) bias(%arg2 : tensor<6xf32>) outs(%{{.*}}, %[[STATE]] : tensor<?x?x6xf32>, tensor<?x3x6xf32>) {activation = #hybrid.activation<silu>}
// CHECK: linalg.transpose ins(%[[Y]]#0
// CHECK: linalg.transpose ins(%[[Y]]#1
func.func @silu(%x: tensor<?x6x?xf32> {onnx.name = "x", onnx.dims = ["b", "6", "l"]}, %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]},
    %bias: tensor<6xf32> {onnx.name = "bias", onnx.dims = ["6"]}, %past: tensor<?x6x3xf32> {onnx.name = "past", onnx.dims = ["b", "6", "3"]})
    -> (tensor<?x6x?xf32> {onnx.name = "y"}, tensor<?x6x3xf32> {onnx.name = "present"}) {
  %y, %present = onnx.CausalConvWithState %x, %w, %bias, %past {activation = "silu"}
      : (tensor<?x6x?xf32>, tensor<6x1x4xf32>, tensor<6xf32>, tensor<?x6x3xf32>) -> (tensor<?x6x?xf32>, tensor<?x6x3xf32>)
  return %y, %present : tensor<?x6x?xf32>, tensor<?x6x3xf32>
}

// -----

// No activation is none, and no past is zeros.
// CHECK-LABEL: func.func @plain
// CHECK: %[[ZERO:.*]] = linalg.fill
// CHECK: hybrid.causal_conv1d ins({{.*}}) outs(%{{.*}}, %[[ZERO]] : tensor<1x5x6xf32>, tensor<1x3x6xf32>) ->
func.func @plain(%x: tensor<1x6x5xf32> {onnx.name = "x", onnx.dims = ["1", "6", "5"]}, %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]})
    -> (tensor<1x6x5xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %y, %present = onnx.CausalConvWithState %x, %w, %none, %none {activation = "none"} : (tensor<1x6x5xf32>, tensor<6x1x4xf32>, none, none) -> (tensor<1x6x5xf32>, tensor<1x6x3xf32>)
  return %y : tensor<1x6x5xf32>
}
