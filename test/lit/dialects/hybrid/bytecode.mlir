// RUN: jarana-opt %s --emit-bytecode | jarana-opt | FileCheck %s
// Attributes and properties survive bytecode.

// CHECK: module attributes {hybrid.model_dir = "/models/bamba"}
module attributes {hybrid.model_dir = "/models/bamba"} {
  // CHECK: hybrid.weight @w : tensor<8xf32> = #hybrid.file_range<"w.bin", 16, 32>
  hybrid.weight @w : tensor<8xf32> = #hybrid.file_range<"w.bin", 16, 32>
  // CHECK: hybrid.weight @m : tensor<2x4xf32> = #hybrid.file_range
  hybrid.weight @m : tensor<2x4xf32> = #hybrid.file_range<"w.bin", 48, 32>
  // CHECK: #hybrid.derived<@m, panels, 4>
  hybrid.weight @p : tensor<1x2x4xf32> = #hybrid.derived<@m, panels, 4>
  // CHECK-LABEL: func @main
  func.func @main(%x: tensor<1x3x2x8xf32>, %t: tensor<1x3x2xf32>, %y: tensor<1x3x2x8xf32>) -> tensor<1x3x2x8xf32> {
    // CHECK: hybrid.load_weight @w
    %w = hybrid.load_weight @w : tensor<8xf32>
    // CHECK: hybrid.rms_norm ins({{.*}}) weight({{.*}}) outs({{.*}}) {epsilon = 1.000000e+00 : f32, groups = 2 : i64}
    %0 = hybrid.rms_norm ins(%x : tensor<1x3x2x8xf32>) weight(%w : tensor<8xf32>) outs(%y : tensor<1x3x2x8xf32>)
        {epsilon = 1.0 : f32, groups = 2} -> tensor<1x3x2x8xf32>
    // CHECK: hybrid.rotary_embedding {{.*}} {mode = #hybrid.rotary_mode<interleaved>, rotary_dim = 4 : i64}
    %1 = hybrid.rotary_embedding ins(%0, %t, %t : tensor<1x3x2x8xf32>, tensor<1x3x2xf32>, tensor<1x3x2xf32>)
        outs(%y : tensor<1x3x2x8xf32>) {rotary_dim = 4, mode = #hybrid.rotary_mode<interleaved>} -> tensor<1x3x2x8xf32>
    return %1 : tensor<1x3x2x8xf32>
  }
}
