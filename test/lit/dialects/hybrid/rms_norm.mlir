// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @all_operands
func.func @all_operands(%x: tensor<?x?x128xf32>, %w: tensor<128xf32>, %y: tensor<?x?x128xf32>)
    -> tensor<?x?x128xf32> {
  // CHECK: hybrid.rms_norm ins(%{{.*}} : tensor<?x?x128xf32>) weight(%{{[^ ]+}} : tensor<128xf32>) gate(%{{[^ ]+}} : tensor<?x?x128xf32>)
  // CHECK-SAME: outs(%{{.*}} : tensor<?x?x128xf32>) {epsilon = 9.99999974E-6 : f32, gate_position = #hybrid.gate_position<after>, groups = 2 : i64}
  %0 = hybrid.rms_norm ins(%x : tensor<?x?x128xf32>) weight(%w : tensor<128xf32>) gate(%x : tensor<?x?x128xf32>)
      outs(%y : tensor<?x?x128xf32>)
      {epsilon = 1.0e-5 : f32, groups = 2, gate_position = #hybrid.gate_position<after>} -> tensor<?x?x128xf32>
  return %0 : tensor<?x?x128xf32>
}

// CHECK-LABEL: func @plain
func.func @plain(%x: tensor<8xbf16>, %y: tensor<8xbf16>) -> tensor<8xbf16> {
  // CHECK: hybrid.rms_norm ins(%{{.*}} : tensor<8xbf16>) outs(%{{.*}} : tensor<8xbf16>) {epsilon = 0.000000e+00 : f32}
  %0 = hybrid.rms_norm ins(%x : tensor<8xbf16>) outs(%y : tensor<8xbf16>) {epsilon = 0.0 : f32} -> tensor<8xbf16>
  return %0 : tensor<8xbf16>
}
