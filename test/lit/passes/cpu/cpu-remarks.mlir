// RUN: jarana-opt %s --cpu-plan-arena --cpu-outline-kernels --remarks-filter="cpu-.*" -o /dev/null 2>&1 | FileCheck %s

// CHECK: arena {{.*}}"2 buffers in 2 slots
// CHECK: kernels {{.*}}"3 calls of 1 kernels
func.func @main(%x: memref<8xf32>, %y: memref<8xf32>, %weights: memref<?xi8>, %arena: memref<?xi8>) -> i32
    attributes {hybrid.num_inputs = 1 : i64} {
  %ok = arith.constant 0 : i32
  %a = memref.alloc() : memref<8xf32>
  linalg.exp ins(%x : memref<8xf32>) outs(%a : memref<8xf32>)
  %b = memref.alloc() : memref<8xf32>
  linalg.exp ins(%a : memref<8xf32>) outs(%b : memref<8xf32>)
  linalg.exp ins(%b : memref<8xf32>) outs(%y : memref<8xf32>)
  return %ok : i32
}
