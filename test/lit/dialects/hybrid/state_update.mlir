// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @all_operands
func.func @all_operands(%x: tensor<?x1x8x16xf32>, %dt: tensor<?x1x8xf32>, %a: tensor<1x8xf32>,
                        %b: tensor<?x1x4xf32>, %c: tensor<?x1x4xf32>,
                        %y: tensor<?x1x8x16xf32>, %s: tensor<?x1x8x16x4xf32>)
    -> (tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>) {
  // CHECK: hybrid.state_update ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x1x8x16xf32>, tensor<1x8xf32>, tensor<?x1x4xf32>, tensor<?x1x4xf32>)
  // CHECK-SAME: dt(%{{.*}} : tensor<?x1x8xf32>)
  // CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>)
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : tensor<?x1x8x16xf32>, tensor<1x8xf32>, tensor<?x1x4xf32>, tensor<?x1x4xf32>)
      dt(%dt : tensor<?x1x8xf32>)
      outs(%y, %s : tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>)
      -> tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>
}

// CHECK-LABEL: func @decay_per_batch
func.func @decay_per_batch(%x: tensor<2x1x8x16xf16>, %a: tensor<2x1x8xf32>, %b: tensor<2x1x4xf16>,
                           %y: tensor<2x1x8x16xf16>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x1x8x16xf16>, tensor<2x1x8x16x4xf32>) {
  // CHECK: hybrid.state_update ins({{.*}}tensor<2x1x8xf32>
  %0:2 = hybrid.state_update ins(%x, %a, %b, %b : tensor<2x1x8x16xf16>, tensor<2x1x8xf32>, tensor<2x1x4xf16>, tensor<2x1x4xf16>)
      outs(%y, %s : tensor<2x1x8x16xf16>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x1x8x16xf16>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x1x8x16xf16>, tensor<2x1x8x16x4xf32>
}
