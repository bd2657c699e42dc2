// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @all_operands
func.func @all_operands(%x: tensor<2x?x1x8x16xf32>, %dt: tensor<2x?x1x8xf32>, %a: tensor<1x8xf32>,
                        %b: tensor<2x?x1x4xf32>, %c: tensor<2x?x1x4xf32>,
                        %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  // CHECK: hybrid.ssd_scan ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
  // CHECK-SAME: dt(%{{.*}} : tensor<2x?x1x8xf32>)
  // CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
  // CHECK-SAME: {chunk = 64 : i64}
  // CHECK-SAME: -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      dt(%dt : tensor<2x?x1x8xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {chunk = 64}
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

// The decay per position, no dt, half precision with a state in f32.
// CHECK-LABEL: func @decay_per_position
func.func @decay_per_position(%x: tensor<2x9x1x8x16xbf16>, %a: tensor<2x9x1x8xf32>,
                              %b: tensor<2x9x1x4xbf16>,
                              %y: tensor<2x9x1x8x16xbf16>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x9x1x8x16xbf16>, tensor<2x1x8x16x4xf32>) {
  // CHECK: hybrid.ssd_scan ins
  // CHECK-NOT: dt(
  // CHECK: return
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x9x1x8x16xbf16>, tensor<2x9x1x8xf32>, tensor<2x9x1x4xbf16>, tensor<2x9x1x4xbf16>)
      outs(%y, %s : tensor<2x9x1x8x16xbf16>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x9x1x8x16xbf16>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1 : tensor<2x9x1x8x16xbf16>, tensor<2x1x8x16x4xf32>
}

// CHECK-LABEL: func @on_buffers
func.func @on_buffers(%x: memref<2x9x1x8x16xf32>, %a: memref<1x8xf32>, %b: memref<2x9x1x4xf32>,
                      %y: memref<2x9x1x8x16xf32>, %s: memref<2x1x8x16x4xf32>) {
  // CHECK: hybrid.ssd_scan ins
  // CHECK-SAME: outs(%{{.*}}, %{{.*}} : memref<2x9x1x8x16xf32>, memref<2x1x8x16x4xf32>)
  hybrid.ssd_scan ins(%x, %a, %b, %b : memref<2x9x1x8x16xf32>, memref<1x8xf32>, memref<2x9x1x4xf32>, memref<2x9x1x4xf32>)
      outs(%y, %s : memref<2x9x1x8x16xf32>, memref<2x1x8x16x4xf32>)
  return
}
