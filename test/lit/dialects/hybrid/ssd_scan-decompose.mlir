// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// Without a hint: one step after another, the state carried by the loop.
// CHECK-LABEL: func @recurrent
// CHECK-SAME: %[[X:[^ ]+]]: tensor<2x?x1x8x16xf32>, %[[DT:[^ ]+]]: tensor<2x?x1x8xf32>, %[[A:[^ ]+]]: tensor<1x8xf32>, %[[B:[^ ]+]]: tensor<2x?x1x4xf32>, %[[Y:[^ ]+]]: tensor<2x?x1x8x16xf32>, %[[S:[^ ]+]]: tensor<2x1x8x16x4xf32>
// CHECK: %[[L:.*]] = tensor.dim %[[X]]
// CHECK: scf.for %[[T:.*]] = %{{.*}} to %[[L]] step %{{.*}} iter_args(%[[YI:.*]] = %[[Y]], %[[SI:.*]] = %[[S]])
// The decay of the step is computed once per head, not once per state element.
// CHECK: linalg.generic
// CHECK-SAME: outs(%{{.*}} : tensor<2x1x1x8xf32>)
// CHECK: arith.mulf
// CHECK: math.exp
// The state is read and written in one pass.
// CHECK: linalg.fill
// CHECK: linalg.generic
// CHECK-SAME: outs(%[[SI]], %{{.*}} : tensor<2x1x8x16x4xf32>, tensor<2x1x1x8x16xf32>)
// CHECK-NOT: linalg.generic
// CHECK: tensor.insert_slice %{{.*}} into %[[YI]][0, %[[T]], 0, 0, 0]
// CHECK: scf.yield
// CHECK-NOT: hybrid.
func.func @recurrent(%x: tensor<2x?x1x8x16xf32>, %dt: tensor<2x?x1x8xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                     %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      dt(%dt : tensor<2x?x1x8xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

// With a hint: chunks, the last one as long as what is left.
// CHECK-LABEL: func @chunked
// CHECK-SAME: %[[Y:[^ ]+]]: tensor<2x?x1x8x16xf32>, %[[S:[^ ]+]]: tensor<2x1x8x16x4xf32>
// CHECK: scf.for %[[BASE:.*]] = %c0 to %{{.*}} step %c64 iter_args(%{{.*}} = %[[Y]], %[[SI:.*]] = %[[S]])
// CHECK: %[[Q:.*]] = affine.min
// CHECK: tensor.extract_slice %{{.*}}[0, %[[BASE]], 0, 0, 0] [2, %[[Q]], 1, 8, 16]
// Sums of the logarithms of the decays come before exp.
// CHECK: scf.for
// CHECK: arith.addf
// CHECK-NOT: math.exp
// CHECK: scf.yield
// CHECK: math.exp
// Scores are per group, [b, g, i, j]: not per head.
// CHECK: tensor.empty(%[[Q]], %[[Q]]) : tensor<2x1x?x?xf32>
// CHECK: linalg.generic {{.*}} outs(%[[SI]] : tensor<2x1x8x16x4xf32>)
// CHECK-NOT: hybrid.
func.func @chunked(%x: tensor<2x?x1x8x16xf32>, %a: tensor<2x?x1x8xf32>, %b: tensor<2x?x1x4xf32>,
                   %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<2x?x1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {chunk = 64}
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

// A known length that the chunk divides needs no minimum.
// CHECK-LABEL: func @whole_chunks
// CHECK-NOT: affine.min
// CHECK: tensor<2x64x1x8x16xbf16>
// Half precision is widened on reading and narrowed on writing.
// CHECK: arith.extf %{{.*}} : bf16 to f32
// CHECK: arith.truncf %{{.*}} : f32 to bf16
func.func @whole_chunks(%x: tensor<2x128x1x8x16xbf16>, %a: tensor<1x8xf32>, %b: tensor<2x128x1x4xbf16>,
                        %y: tensor<2x128x1x8x16xbf16>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x128x1x8x16xbf16>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x128x1x8x16xbf16>, tensor<1x8xf32>, tensor<2x128x1x4xbf16>, tensor<2x128x1x4xbf16>)
      outs(%y, %s : tensor<2x128x1x8x16xbf16>, tensor<2x1x8x16x4xf32>) {chunk = 64}
      -> tensor<2x128x1x8x16xbf16>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x128x1x8x16xbf16>, tensor<2x1x8x16x4xf32>
}
