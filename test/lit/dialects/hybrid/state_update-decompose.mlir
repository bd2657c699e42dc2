// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize | FileCheck %s

// CHECK-LABEL: func @step
// CHECK-SAME: %[[S:[^ ]+]]: tensor<?x1x8x16x4xf32>)
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK-SAME: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]
// CHECK-SAME: outs(%[[S]], %{{.*}} : tensor<?x1x8x16x4xf32>, tensor<?x1x8x16xf32>)
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @step(%x: tensor<?x1x8x16xf32>, %dt: tensor<?x1x8xf32>, %a: tensor<1x8xf32>, %b: tensor<?x1x4xf32>,
                %y: tensor<?x1x8x16xf32>, %s: tensor<?x1x8x16x4xf32>) -> (tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>) {
  %0:2 = hybrid.state_update ins(%x, %a, %b, %b : tensor<?x1x8x16xf32>, tensor<1x8xf32>, tensor<?x1x4xf32>, tensor<?x1x4xf32>)
      dt(%dt : tensor<?x1x8xf32>) outs(%y, %s : tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>)
      -> tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<?x1x8x16xf32>, tensor<?x1x8x16x4xf32>
}
