// RUN: jarana-opt %s --verify-passes --canonicalize | FileCheck %s

// One position is a state update, on the same operands without their sequence dimension.
// CHECK-LABEL: func @one_position
// CHECK-SAME: %[[X:[^ ]+]]: tensor<?x1x1x8x16xf32>, {{.*}} %[[S:[^ ]+]]: tensor<?x1x8x16x4xf32>)
// CHECK-DAG: %[[X1:.*]] = tensor.collapse_shape %[[X]] {{\[\[}}0, 1], [2], [3], [4]{{\]}}
// CHECK: %[[STEP:.*]]:2 = hybrid.state_update ins(%[[X1]], {{.*}} dt({{.*}} : tensor<?x1x8xf32>) outs({{.*}}, %[[S]] :
// CHECK: %[[Y:.*]] = tensor.expand_shape %[[STEP]]#0 {{\[\[}}0, 1], [2], [3], [4]{{\]}}
// CHECK: return %[[Y]], %[[STEP]]#1
func.func @one_position(%x: tensor<?x1x1x8x16xf32>, %dt: tensor<?x1x1x8xf32>, %a: tensor<1x8xf32>, %b: tensor<?x1x1x4xf32>,
                        %y: tensor<?x1x1x8x16xf32>, %s: tensor<?x1x8x16x4xf32>)
    -> (tensor<?x1x1x8x16xf32>, tensor<?x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<?x1x1x8x16xf32>, tensor<1x8xf32>, tensor<?x1x1x4xf32>, tensor<?x1x1x4xf32>)
      dt(%dt : tensor<?x1x1x8xf32>) outs(%y, %s : tensor<?x1x1x8x16xf32>, tensor<?x1x8x16x4xf32>)
      -> tensor<?x1x1x8x16xf32>, tensor<?x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<?x1x1x8x16xf32>, tensor<?x1x8x16x4xf32>
}

// The decay of the position, and one position that only some operand's type knows of.
// CHECK-LABEL: func @decay_per_position
// CHECK: hybrid.state_update ins({{.*}} : tensor<2x1x8x16xf32>, tensor<2x1x8xf32>, tensor<2x1x4xf32>, tensor<2x1x4xf32>)
func.func @decay_per_position(%x: tensor<2x1x1x8x16xf32>, %a: tensor<2x1x1x8xf32>, %b: tensor<2x?x1x4xf32>,
                              %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x1x1x8x16xf32>, tensor<2x1x1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

// CHECK-LABEL: func @more_positions
// CHECK: hybrid.ssd_scan
func.func @more_positions(%x: tensor<2x2x1x8x16xf32>, %a: tensor<1x8xf32>, %b: tensor<2x2x1x4xf32>,
                          %y: tensor<2x2x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x2x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x2x1x8x16xf32>, tensor<1x8xf32>, tensor<2x2x1x4xf32>, tensor<2x2x1x4xf32>)
      outs(%y, %s : tensor<2x2x1x8x16xf32>, tensor<2x1x8x16x4xf32>) -> tensor<2x2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x2x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

// B and C repeated for the 4 heads of each of 2 groups, once by a broadcast and once by
// a generic op: the scan takes them as they were.
// CHECK-LABEL: func @expanded_groups
// CHECK-SAME: %[[X:[^ ]+]]: tensor<2x?x8x1x16xf32>, %[[A:[^ ]+]]: tensor<8x1xf32>, %[[B:[^ ]+]]: tensor<2x?x2x4xf32>, %[[C:[^ ]+]]: tensor<2x?x2x4xf32>
// CHECK-NOT: linalg.
// CHECK: hybrid.ssd_scan ins(%{{.*}}, %{{.*}}, %[[B]], %[[C]] : tensor<2x?x2x4x16xf32>, tensor<2x4xf32>, tensor<2x?x2x4xf32>, tensor<2x?x2x4xf32>)
// CHECK-SAME: outs({{.*}} : tensor<2x?x2x4x16xf32>, tensor<2x2x4x16x4xf32>)
// CHECK-SAME: {chunk = 16 : i64}
// CHECK: return {{.*}} : tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>
#all = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>
#group = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d4)>
func.func @expanded_groups(%x: tensor<2x?x8x1x16xf32>, %a: tensor<8x1xf32>, %b: tensor<2x?x2x4xf32>, %c: tensor<2x?x2x4xf32>,
                           %wide: tensor<2x?x2x4x4xf32>, %y: tensor<2x?x8x1x16xf32>, %s: tensor<2x8x1x16x4xf32>)
    -> (tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>) {
  %b5 = linalg.broadcast ins(%b : tensor<2x?x2x4xf32>) outs(%wide : tensor<2x?x2x4x4xf32>) dimensions = [3]
  %bh = tensor.collapse_shape %b5 [[0], [1], [2, 3], [4]] : tensor<2x?x2x4x4xf32> into tensor<2x?x8x4xf32>
  %c5 = linalg.generic {indexing_maps = [#group, #all], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%c : tensor<2x?x2x4xf32>) outs(%wide : tensor<2x?x2x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    linalg.yield %in : f32
  } -> tensor<2x?x2x4x4xf32>
  %ch = tensor.collapse_shape %c5 [[0], [1], [2, 3], [4]] : tensor<2x?x2x4x4xf32> into tensor<2x?x8x4xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %bh, %ch : tensor<2x?x8x1x16xf32>, tensor<8x1xf32>, tensor<2x?x8x4xf32>, tensor<2x?x8x4xf32>)
      outs(%y, %s : tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>) {chunk = 16}
      -> tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>
}

// Groups that are interleaved, not repeated one after the other, are something else.
// CHECK-LABEL: func @interleaved_groups
// CHECK: hybrid.ssd_scan ins({{.*}} : tensor<2x?x8x1x16xf32>,
func.func @interleaved_groups(%x: tensor<2x?x8x1x16xf32>, %a: tensor<8x1xf32>, %b: tensor<2x?x2x4xf32>,
                              %wide: tensor<2x?x4x2x4xf32>, %y: tensor<2x?x8x1x16xf32>, %s: tensor<2x8x1x16x4xf32>)
    -> (tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>) {
  %b5 = linalg.broadcast ins(%b : tensor<2x?x2x4xf32>) outs(%wide : tensor<2x?x4x2x4xf32>) dimensions = [2]
  %bh = tensor.collapse_shape %b5 [[0], [1], [2, 3], [4]] : tensor<2x?x4x2x4xf32> into tensor<2x?x8x4xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %bh, %bh : tensor<2x?x8x1x16xf32>, tensor<8x1xf32>, tensor<2x?x8x4xf32>, tensor<2x?x8x4xf32>)
      outs(%y, %s : tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>)
      -> tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x8x1x16xf32>, tensor<2x8x1x16x4xf32>
}
