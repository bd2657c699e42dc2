// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --emit-bytecode | jarana-opt | FileCheck %s

// CHECK-LABEL: func @group
func.func @group(%x: tensor<8xf32>, %y: tensor<8xf32>) -> (tensor<8xf32>, f32) {
  // CHECK: hybrid.group <view = chunked, chunk = 64, tiles = [1, 64, 0]> -> (tensor<8xf32>, f32) {
  %0:2 = hybrid.group #hybrid.strategy<view = chunked, chunk = 64, tiles = [1, 64, 0]> -> (tensor<8xf32>, f32) {
    %1 = hybrid.rms_norm ins(%x : tensor<8xf32>) outs(%y : tensor<8xf32>) {epsilon = 0.0 : f32} -> tensor<8xf32>
    %2 = arith.constant 1.0 : f32
    // CHECK: hybrid.yield %{{.*}}, %{{.*}} : tensor<8xf32>, f32
    hybrid.yield %1, %2 : tensor<8xf32>, f32
  }
  return %0#0, %0#1 : tensor<8xf32>, f32
}

// CHECK-LABEL: func @nothing
func.func @nothing() {
  // CHECK: hybrid.group <view = none> {
  hybrid.group #hybrid.strategy<view = none> {
  }
  return
}
