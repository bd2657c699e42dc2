// RUN: jarana-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --drop-equivalent-buffer-results | FileCheck %s
// RUN: jarana-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" --cse --canonicalize | FileCheck %s --check-prefix=COPIES

// The state is updated where it is, over several scans.
// CHECK-LABEL: func @in_place
// CHECK-SAME: %[[X:[^ ]+]]: memref<2x?x1x8x16xf32>, %[[A:[^ ]+]]: memref<1x8xf32>, %[[B:[^ ]+]]: memref<2x?x1x4xf32>, %[[Y:[^ ]+]]: memref<2x?x1x8x16xf32>, %[[S:[^ ]+]]: memref<2x1x8x16x4xf32>
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: hybrid.ssd_scan ins(%[[X]], %[[A]], %[[B]], %[[B]] :
// CHECK-SAME: outs(%[[Y]], %[[S]] :
// CHECK: hybrid.ssd_scan
// CHECK-SAME: outs(%[[Y]], %[[S]] :
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK: return
func.func @in_place(%x: tensor<2x?x1x8x16xf32> {bufferization.writable = false}, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                    %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  %1:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%0#0, %0#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %1#0, %1#1 : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
}

// An old state that is still needed is copied: exactly the state, and once.
// COPIES-LABEL: func @old_state_needed
// COPIES-COUNT-1: memref.copy %{{.*}} : memref<2x1x8x16x4xf32> to memref<2x1x8x16x4xf32>
// COPIES-NOT: memref.copy
func.func @old_state_needed(%x: tensor<2x?x1x8x16xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                            %y: tensor<2x?x1x8x16xf32>, %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>, tensor<2x1x8x16x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%y, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>, tensor<2x1x8x16x4xf32>
}

// y is written and never read: a y that is needed elsewhere is not copied, a new one is made.
// COPIES-LABEL: func @y_needed
// COPIES: memref.alloc
// COPIES-NOT: memref.copy
// COPIES: return
func.func @y_needed(%x: tensor<2x?x1x8x16xf32>, %a: tensor<1x8xf32>, %b: tensor<2x?x1x4xf32>,
                    %s: tensor<2x1x8x16x4xf32>)
    -> (tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>, tensor<2x?x1x8x16xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x?x1x8x16xf32>, tensor<1x8xf32>, tensor<2x?x1x4xf32>, tensor<2x?x1x4xf32>)
      outs(%x, %s : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>)
      -> tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>
  return %0#0, %0#1, %x : tensor<2x?x1x8x16xf32>, tensor<2x1x8x16x4xf32>, tensor<2x?x1x8x16xf32>
}
