// RUN: jarana-opt %s --cpu-expand-kernels="vector-bits=512 dot-bf16=true" --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,DOT
// RUN: jarana-opt %s --cpu-expand-kernels="vector-bits=512" | FileCheck %s --check-prefix=NONE
// RUN: jarana-opt %s --cpu-expand-kernels="vector-bits=256 dot-bf16=true" | FileCheck %s --check-prefix=NONE
// NONE-NOT: dpbf16ps

// Several rows meet pairs of rows of the panel; one row is read from memory as it
// would be without.
// CHECK-LABEL: func.func @product(
// CHECK:         scf.if
// CHECK:           arith.extf
// CHECK:         } else {
// CHECK:           memref.alloca() {alignment = 64 : i64} : memref<{{.*}}xi32>
// CHECK:           vector.maskedload {{.*}} vector<32xbf16>
// CHECK:           %[[RIGHT:.*]] = vector.interleave %{{.*}}, %{{.*}} : vector<16xbf16> -> vector<32xbf16>
// CHECK:           %[[LEFT:.*]] = vector.bitcast %{{.*}} : vector<16xi32> to vector<32xbf16>
// CHECK:           llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"(%{{.*}}, %[[LEFT]], %[[RIGHT]])
func.func @product(%x: memref<?x64xbf16>, %w: memref<2x64x32xbf16>, %y: memref<?x64xbf16>) {
  hybrid.packed_matmul ins(%x, %w : memref<?x64xbf16>, memref<2x64x32xbf16>) outs(%y : memref<?x64xbf16>)
  return
}

// f32 on the left would lose digits.
// CHECK-LABEL: func.func @wide_left(
// DOT-NOT:       dpbf16ps
func.func @wide_left(%x: memref<?x64xf32>, %w: memref<2x64x32xbf16>, %y: memref<?x64xf32>) {
  hybrid.packed_matmul ins(%x, %w : memref<?x64xf32>, memref<2x64x32xbf16>) outs(%y : memref<?x64xf32>)
  return
}
