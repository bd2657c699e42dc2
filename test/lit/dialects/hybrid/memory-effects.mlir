// RUN: jarana-opt %s --cse --canonicalize --loop-invariant-code-motion | FileCheck %s

// On tensors an op has no effects: equal ones are one, unused ones go.
// CHECK-LABEL: func @tensors
// CHECK-COUNT-1: hybrid.rms_norm
// CHECK-NOT: hybrid.
// CHECK: return
func.func @tensors(%x: tensor<8xf32>, %y: tensor<8xf32>, %c: tensor<1x1x4x8xf32>, %p: tensor<i64>) -> (tensor<8xf32>, tensor<8xf32>) {
  %0 = hybrid.rms_norm ins(%x : tensor<8xf32>) outs(%y : tensor<8xf32>) {epsilon = 0.0 : f32} -> tensor<8xf32>
  %1 = hybrid.rms_norm ins(%x : tensor<8xf32>) outs(%y : tensor<8xf32>) {epsilon = 0.0 : f32} -> tensor<8xf32>
  %new = tensor.empty() : tensor<1x1x1x8xf32>
  %2 = hybrid.kv_cache_update ins(%new, %p : tensor<1x1x1x8xf32>, tensor<i64>) outs(%c : tensor<1x1x4x8xf32>) -> tensor<1x1x4x8xf32>
  return %0, %1 : tensor<8xf32>, tensor<8xf32>
}

// On buffers it writes: it stays, as often as it is there.
// CHECK-LABEL: func @buffers
// CHECK-COUNT-2: hybrid.rms_norm
func.func @buffers(%x: memref<8xf32>, %y: memref<8xf32>) {
  hybrid.rms_norm ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) {epsilon = 0.0 : f32}
  hybrid.rms_norm ins(%x : memref<8xf32>) outs(%y : memref<8xf32>) {epsilon = 0.0 : f32}
  return
}

// An op that can always be run leaves a loop; a cache update, whose position must
// be right, runs only where it was put.
// CHECK-LABEL: func @loop
// CHECK: hybrid.rms_norm
// CHECK: scf.for
// CHECK: hybrid.kv_cache_update
func.func @loop(%n: index, %x: tensor<8xf32>, %y: tensor<8xf32>, %new: tensor<1x1x1x8xf32>, %c: tensor<1x1x4x8xf32>, %p: tensor<i64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %0 = hybrid.rms_norm ins(%x : tensor<8xf32>) outs(%y : tensor<8xf32>) {epsilon = 0.0 : f32} -> tensor<8xf32>
    %1 = hybrid.kv_cache_update ins(%new, %p : tensor<1x1x1x8xf32>, tensor<i64>) outs(%c : tensor<1x1x4x8xf32>) -> tensor<1x1x4x8xf32>
    func.call @use(%0, %1) : (tensor<8xf32>, tensor<1x1x4x8xf32>) -> ()
  }
  return
}
func.func private @use(tensor<8xf32>, tensor<1x1x4x8xf32>)
