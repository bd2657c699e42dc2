// RUN: jarana-opt %s --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" | FileCheck %s

// y is only written: an empty tensor becomes a buffer without a copy.
// CHECK-LABEL: func @into_empty
// CHECK: %[[Y:.*]] = memref.alloc
// CHECK-NOT: memref.copy
// CHECK: hybrid.rms_norm {{.*}} outs(%[[Y]] :
// CHECK-NOT: memref.copy
// CHECK: return %[[Y]]
func.func @into_empty(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = tensor.empty() : tensor<4x8xf32>
  %0 = hybrid.rms_norm ins(%x : tensor<4x8xf32>) outs(%y : tensor<4x8xf32>) {epsilon = 0.0 : f32} -> tensor<4x8xf32>
  return %0 : tensor<4x8xf32>
}
