// RUN: jarana-opt %s --cpu-decompose=all --canonicalize --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map" \
// RUN:   --convert-linalg-to-loops --expand-strided-metadata --lower-affine --convert-scf-to-cf --convert-math-to-llvm --convert-math-to-libm --convert-to-llvm --reconcile-unrealized-casts \
// RUN: | mlir-runner -e main --entry-point-result=void --shared-libs=%llvm_lib/libmlir_runner_utils.so,%llvm_lib/libmlir_c_runner_utils.so | FileCheck %s

// Both views of a scan give the same: decays of 1/2, 1/4, 1 and, from a logarithm of
// -inf, 0. Two heads of one group; five positions, in chunks of two.

// y, recurrent and chunked:
// CHECK: {{\[}}1],
// CHECK-NEXT: [2]]],
// CHECK-NEXT: [2.5],
// CHECK-NEXT: [5]]],
// CHECK-NEXT: [3.625],
// CHECK-NEXT: [3]]],
// CHECK-NEXT: [8.625],
// CHECK-NEXT: [11]]],
// CHECK-NEXT: [5],
// CHECK-NEXT: [0]]]]]
// CHECK: {{\[}}1],
// CHECK-NEXT: [2]]],
// CHECK-NEXT: [2.5],
// CHECK-NEXT: [5]]],
// CHECK-NEXT: [3.625],
// CHECK-NEXT: [3]]],
// CHECK-NEXT: [8.625],
// CHECK-NEXT: [11]]],
// CHECK-NEXT: [5],
// CHECK-NEXT: [0]]]]]
// The state, recurrent and chunked:
// CHECK: [4.3125, 5]],
// CHECK-NEXT: [2.75, 0]]]]]
// CHECK: [4.3125, 5]],
// CHECK-NEXT: [2.75, 0]]]]]

!x = tensor<1x5x1x2x1xf32>
!n = tensor<1x5x1x2xf32>
!s = tensor<1x1x2x1x2xf32>

func.func @recurrent(%x: !x, %a: !n, %b: !n, %y: !x, %s: !s) -> (!x, !s) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : !x, !n, !n, !n) outs(%y, %s : !x, !s) -> !x, !s
  return %0#0, %0#1 : !x, !s
}
func.func @chunked(%x: !x, %a: !n, %b: !n, %y: !x, %s: !s) -> (!x, !s) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : !x, !n, !n, !n) outs(%y, %s : !x, !s) {chunk = 2} -> !x, !s
  return %0#0, %0#1 : !x, !s
}
func.func private @printMemrefF32(memref<*xf32>) attributes {llvm.emit_c_interface}

func.func @main() {
  %x = arith.constant dense<[[[[[1.0], [2.0]]], [[[2.0], [4.0]]], [[[3.0], [3.0]]], [[[5.0], [8.0]]], [[[5.0], [0.0]]]]]> : !x
  %a = arith.constant dense<[[[[0.0, 0.0]], [[-0.693147180559945, -0.693147180559945]], [[-1.38629436111989, 0xFF800000]], [[0.0, 0.0]], [[-0.693147180559945, -1.38629436111989]]]]> : !n
  %b = arith.constant dense<[[[[1.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]]]> : !n
  %zero = arith.constant 0.0 : f32
  %y0 = tensor.empty() : !x
  %s0 = tensor.empty() : !s
  %s1 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %r:2 = func.call @recurrent(%x, %a, %b, %y0, %s1) : (!x, !n, !n, !x, !s) -> (!x, !s)
  %s2 = linalg.fill ins(%zero : f32) outs(%s0 : !s) -> !s
  %c:2 = func.call @chunked(%x, %a, %b, %y0, %s2) : (!x, !n, !n, !x, !s) -> (!x, !s)
  %m0 = bufferization.to_buffer %r#0 : !x to memref<1x5x1x2x1xf32>
  %u0 = memref.cast %m0 : memref<1x5x1x2x1xf32> to memref<*xf32>
  %m1 = bufferization.to_buffer %c#0 : !x to memref<1x5x1x2x1xf32>
  %u1 = memref.cast %m1 : memref<1x5x1x2x1xf32> to memref<*xf32>
  %m2 = bufferization.to_buffer %r#1 : !s to memref<1x1x2x1x2xf32>
  %u2 = memref.cast %m2 : memref<1x1x2x1x2xf32> to memref<*xf32>
  %m3 = bufferization.to_buffer %c#1 : !s to memref<1x1x2x1x2xf32>
  %u3 = memref.cast %m3 : memref<1x1x2x1x2xf32> to memref<*xf32>
  func.call @printMemrefF32(%u0) : (memref<*xf32>) -> ()
  func.call @printMemrefF32(%u1) : (memref<*xf32>) -> ()
  func.call @printMemrefF32(%u2) : (memref<*xf32>) -> ()
  func.call @printMemrefF32(%u3) : (memref<*xf32>) -> ()
  return
}
