// Functions that the importer inlined although they bear an operator's name are in the report.
// RUN: jarana-opt %s --raise-onnx | FileCheck %s
// RUN: not jarana-opt %s --raise-onnx=error-on-fallback 2>&1 | FileCheck %s --check-prefix=ERROR

// CHECK: hybrid.raise_report = [{node = "each call", op = "com.microsoft::LinearAttention", reason = "its body differs"}]
// ERROR: error: com.microsoft::LinearAttention node 'each call' stays on a generic path: its body differs
module attributes {onnx.unrecognised = ["com.microsoft::LinearAttention: its body differs"]} {
  func.func @main(%x: tensor<4xf32> {onnx.name = "x", onnx.dims = ["4"]}) -> (tensor<4xf32> {onnx.name = "y"}) {
    return %x : tensor<4xf32>
  }
}
