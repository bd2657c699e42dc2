// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// CHECK: #[[$WINDOW:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1 + d3, d2)>
// CHECK-LABEL: func @conv
// CHECK-SAME: %[[X:[^ ]+]]: tensor<?x?x160xf32>, {{.*}} %[[S:[^ ]+]]: tensor<?x3x160xf32>)
// full = concat(state, input)
// CHECK: tensor.insert_slice %[[S]] into
// CHECK: %[[FULL:.*]] = tensor.insert_slice %[[X]] into %{{.*}}[0, 3, 0]
// CHECK: linalg.generic {indexing_maps = [#[[$WINDOW]],
// CHECK-SAME: ins(%[[FULL]],
// silu
// CHECK: arith.negf
// CHECK: math.exp
// The window that is carried on.
// CHECK: %[[LAST:.*]] = tensor.extract_slice %[[FULL]]
// CHECK: linalg.copy ins(%[[LAST]] : {{.*}}) outs(%[[S]] :
func.func @conv(%input: tensor<?x?x160xf32>, %weight: tensor<160x4xf32>, %bias: tensor<160xf32>,
                %y: tensor<?x?x160xf32>, %s: tensor<?x3x160xf32>) -> (tensor<?x?x160xf32>, tensor<?x3x160xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<?x?x160xf32>, tensor<160x4xf32>) bias(%bias : tensor<160xf32>)
      outs(%y, %s : tensor<?x?x160xf32>, tensor<?x3x160xf32>) {activation = #hybrid.activation<silu>}
      -> tensor<?x?x160xf32>, tensor<?x3x160xf32>
  return %0#0, %0#1 : tensor<?x?x160xf32>, tensor<?x3x160xf32>
}

// A state in f32 keeps its precision: the window is f32 then.
// CHECK-LABEL: func @wide_state
// CHECK: arith.extf
// CHECK: tensor.insert_slice {{.*}} into tensor<1x8x6xf32>
// CHECK: arith.truncf %{{.*}} : f32 to f16
func.func @wide_state(%input: tensor<1x5x6xf16>, %weight: tensor<6x4xf16>, %y: tensor<1x5x6xf16>,
                      %s: tensor<1x3x6xf32>) -> (tensor<1x5x6xf16>, tensor<1x3x6xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%input, %weight : tensor<1x5x6xf16>, tensor<6x4xf16>)
      outs(%y, %s : tensor<1x5x6xf16>, tensor<1x3x6xf32>) -> tensor<1x5x6xf16>, tensor<1x3x6xf32>
  return %0#0, %0#1 : tensor<1x5x6xf16>, tensor<1x3x6xf32>
}
