// RUN: jarana-opt %s --raise-onnx --canonicalize --cse | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// A Scan is a loop that carries its states and its outputs.
// CHECK-LABEL: func.func @sum
// CHECK: %[[L:.*]] = tensor.dim %arg1
// CHECK: %[[LOOP:.*]]:2 = scf.for %[[I:.*]] = %c0 to %[[L]] step %c1 iter_args(%[[STATE:.*]] = %arg0, %[[OUT:.*]] = %{{.*}}) -> (tensor<4xf32>, tensor<?x4xf32>)
// CHECK: tensor.extract_slice %arg1[%[[I]], 0] [1, 4] [1, 1] : tensor<?x4xf32> to tensor<1x4xf32>
// CHECK: %[[NEXT:.*]] = linalg.generic
// CHECK: tensor.insert_slice %{{.*}} into %[[OUT]][%[[I]], 0] [1, 4] [1, 1]
// CHECK: scf.yield
func.func @sum(%state: tensor<4xf32> {onnx.name = "state", onnx.dims = ["4"]}, %x: tensor<?x4xf32> {onnx.name = "x", onnx.dims = ["l", "4"]})
    -> (tensor<4xf32> {onnx.name = "last"}, tensor<?x4xf32> {onnx.name = "sums"}) {
  %0:2 = onnx.Scan %state, %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 0>, scan_input_directions = array<i64: 0>,
      scan_output_axes = array<i64: 0>, scan_output_directions = array<i64: 0>} : (tensor<4xf32>, tensor<?x4xf32>) -> (tensor<4xf32>, tensor<?x4xf32>) {
  ^bb0(%s: tensor<4xf32>, %e: tensor<4xf32>):
    %next = onnx.Add %s, %e : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    onnx.yield %next, %next : tensor<4xf32>, tensor<4xf32>
  }
  return %0#0, %0#1 : tensor<4xf32>, tensor<?x4xf32>
}
