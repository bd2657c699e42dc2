// RUN: jarana-opt %s --cpu-expand-kernels=vector-bits=512 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,WIDE
// RUN: jarana-opt %s --cpu-expand-kernels=vector-bits=256 --canonicalize --cse | FileCheck %s --check-prefixes=CHECK,NARROW

// CHECK-DAG: func.func private @omp_get_thread_num() -> i32
// CHECK-DAG: func.func private @omp_get_num_threads() -> i32

// One row is a stream over the panels; several are blocks of rows times panels,
// with a case for each number of rows that can be left.
// CHECK-LABEL: func.func @product(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xf32>, %[[W:.*]]: memref<2x64x32xf32>, %[[Y:.*]]: memref<?x64xf32>)
// CHECK:         %[[ENOUGH:.*]] = arith.cmpi sge
// CHECK:         omp.parallel if(%[[ENOUGH]]) {
// CHECK:           func.call @omp_get_thread_num
// CHECK:           func.call @omp_get_num_threads
// CHECK:           %[[ONE:.*]] = arith.cmpi eq
// CHECK:           scf.if %[[ONE]] {
// WIDE:              vector.load %[[W]]{{.*}} vector<16xf32>
// NARROW:            vector.load %[[W]]{{.*}} vector<8xf32>
// CHECK:           } else {
// CHECK:             %[[COPY:.*]] = memref.alloca
// CHECK:             scf.index_switch
// CHECK-NEXT:        case 1
// WIDE:              case 11
// NARROW-NOT:        case 4
// CHECK:             default
// CHECK:               memref.prefetch %[[Y]]
// CHECK:               scf.for
// CHECK:                 memref.prefetch %[[W]]
// CHECK:                 memref.load %[[COPY]]
// CHECK:               vector.store {{.*}}, %[[Y]]
// CHECK:         omp.terminator
// CHECK-NOT:     omp.parallel
// CHECK:         return
func.func @product(%x: memref<?x64xf32>, %w: memref<2x64x32xf32>, %y: memref<?x64xf32>) {
  hybrid.packed_matmul ins(%x, %w : memref<?x64xf32>, memref<2x64x32xf32>) outs(%y : memref<?x64xf32>)
  return
}

// Columns of the last panel that are padding are not stored.
// CHECK-LABEL: func.func @ragged_product(
// CHECK:         vector.maskedstore
// CHECK:         return
func.func @ragged_product(%x: memref<?x64xf32>, %w: memref<2x64x32xf32>, %y: memref<?x50xf32>) {
  hybrid.packed_matmul ins(%x, %w : memref<?x64xf32>, memref<2x64x32xf32>) outs(%y : memref<?x50xf32>)
  return
}

// Sums are f32 whatever is stored.
// CHECK-LABEL: func.func @brain_floats(
// CHECK:         arith.extf %{{.*}} : vector<{{.*}}xbf16> to vector<{{.*}}xf32>
// CHECK:         arith.truncf %{{.*}} : vector<{{.*}}xf32> to vector<{{.*}}xbf16>
// CHECK:         return
func.func @brain_floats(%x: memref<?x64xbf16>, %w: memref<2x64x32xbf16>, %y: memref<?x64xbf16>) {
  hybrid.packed_matmul ins(%x, %w : memref<?x64xbf16>, memref<2x64x32xbf16>) outs(%y : memref<?x64xbf16>)
  return
}

// Little work that is known to be little needs no threads.
// CHECK-LABEL: func.func @small(
// CHECK-NOT:     omp.parallel
// CHECK:         return
func.func @small(%x: memref<2x8xf32>, %w: memref<8xf32>, %y: memref<2x8xf32>) {
  hybrid.rms_norm ins(%x : memref<2x8xf32>) weight(%w : memref<8xf32>) outs(%y : memref<2x8xf32>) {epsilon = 1.0e-5 : f32}
  return
}

// Short sequences go row by row of the state, long ones by tiles of it.
// CHECK-LABEL: func.func @scan(
// CHECK-SAME:    %[[X:[^:]*]]: memref<?x?x1x4x16xf32>
// CHECK-SAME:    %[[S:[^:]*]]: memref<?x1x4x16x32xf32>)
// CHECK:         scf.if
// CHECK:           omp.parallel
// CHECK:             vector.store {{.*}}, %[[S]]
// CHECK:             vector.reduction <add>
// CHECK:         } else {
// CHECK:           omp.parallel
// CHECK:             %[[TURNED:.*]] = memref.alloca() {alignment = 64 : i64} : memref<32x
// CHECK:             memref.load %[[S]]
// CHECK:             math.exp {{.*}} : vector
// CHECK:             vector.load %[[TURNED]]
// CHECK:             memref.store {{.*}}, %[[S]]
// CHECK:         return
func.func @scan(%x: memref<?x?x1x4x16xf32>, %a: memref<1x4xf32>, %b: memref<?x?x1x32xf32>, %y: memref<?x?x1x4x16xf32>, %s: memref<?x1x4x16x32xf32>) {
  hybrid.ssd_scan ins(%x, %a, %b, %b : memref<?x?x1x4x16xf32>, memref<1x4xf32>, memref<?x?x1x32xf32>, memref<?x?x1x32xf32>)
      outs(%y, %s : memref<?x?x1x4x16xf32>, memref<?x1x4x16x32xf32>)
  return
}

// CHECK-LABEL: func.func @update(
// CHECK-COUNT-1: omp.parallel
// CHECK:         vector.reduction <add>
// CHECK:         return
func.func @update(%x: memref<?x1x4x16xf32>, %a: memref<1x4xf32>, %b: memref<?x1x32xf32>, %y: memref<?x1x4x16xf32>, %s: memref<?x1x4x16x32xf32>) {
  hybrid.state_update ins(%x, %a, %b, %b : memref<?x1x4x16xf32>, memref<1x4xf32>, memref<?x1x32xf32>, memref<?x1x32xf32>)
      outs(%y, %s : memref<?x1x4x16xf32>, memref<?x1x4x16x32xf32>)
  return
}

// The window of k - 1 inputs is carried in registers.
// CHECK-LABEL: func.func @convolution(
// CHECK:         omp.parallel
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (vector<[[N:.*]]xf32>, vector<[[N]]xf32>, vector<[[N]]xf32>) {
// CHECK:         math.exp
// CHECK:         return
func.func @convolution(%x: memref<?x?x48xf32>, %w: memref<48x4xf32>, %y: memref<?x?x48xf32>, %s: memref<?x3x48xf32>) {
  hybrid.causal_conv1d ins(%x, %w : memref<?x?x48xf32>, memref<48x4xf32>)
      outs(%y, %s : memref<?x?x48xf32>, memref<?x3x48xf32>) {activation = #hybrid.activation<silu>}
  return
}

// CHECK-LABEL: func.func @attention(
// CHECK:         omp.parallel
// CHECK:         vector.reduction <maximumf>
// CHECK:         math.exp
// CHECK:         return
func.func @attention(%q: memref<?x2x4x?x16xf32>, %k: memref<?x2x?x16xf32>, %o: memref<i64>, %y: memref<?x2x4x?x16xf32>) {
  hybrid.attention ins(%q, %k, %k : memref<?x2x4x?x16xf32>, memref<?x2x?x16xf32>, memref<?x2x?x16xf32>)
      query_offset(%o : memref<i64>) outs(%y : memref<?x2x4x?x16xf32>) {scale = 0.25 : f32, mask = #hybrid.mask<causal>}
  return
}

// CHECK-LABEL: func.func @positions(
// CHECK:         omp.parallel
// CHECK:         vector.deinterleave
// CHECK:         vector.interleave
// CHECK:         omp.parallel
// CHECK:         return
func.func @positions(%x: memref<?x?x2x16xf32>, %c: memref<?x?x8xf32>, %y: memref<?x?x2x16xf32>, %new: memref<?x2x?x16xf32>, %at: memref<i64>, %cache: memref<?x2x?x16xf32>) {
  hybrid.rotary_embedding ins(%x, %c, %c : memref<?x?x2x16xf32>, memref<?x?x8xf32>, memref<?x?x8xf32>)
      outs(%y : memref<?x?x2x16xf32>) {rotary_dim = 16, mode = #hybrid.rotary_mode<interleaved>}
  hybrid.kv_cache_update ins(%new, %at : memref<?x2x?x16xf32>, memref<i64>) outs(%cache : memref<?x2x?x16xf32>)
  return
}

// Ops on tensors wait for bufferization.
// CHECK-LABEL: func.func @on_tensors(
// CHECK:         hybrid.rms_norm
func.func @on_tensors(%x: tensor<2x8xf32>, %y: tensor<2x8xf32>) -> tensor<2x8xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<2x8xf32>) outs(%y : tensor<2x8xf32>) {epsilon = 1.0e-5 : f32} -> tensor<2x8xf32>
  return %0 : tensor<2x8xf32>
}

// Codes stay what they are in memory: bytes become two vectors of floats, which
// meet the even and the odd elements of the left side.
// CHECK-LABEL: func.func @quantized_product(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xf32>, %[[CODES:.*]]: memref<16x2x16xi8>, %[[SCALES:.*]]: memref<16x2xf32>, %[[Y:.*]]: memref<?x16xf32>)
// CHECK:         %[[COPY:.*]] = memref.alloca() {alignment = 64 : i64} : memref<{{.*}}x2x{{.*}}xf32>
// CHECK:         vector.deinterleave
// CHECK:         memref.load %[[SCALES]]
// WIDE:          %[[BYTES:.*]] = vector.load %[[CODES]]{{.*}} vector<16xi8>
// NARROW:        %[[BYTES:.*]] = vector.load %[[CODES]]{{.*}} vector<8xi8>
// CHECK:         %[[WIDENED:.*]] = arith.extui %[[BYTES]]
// CHECK:         arith.andi %[[WIDENED]]
// CHECK:         arith.shrui %[[WIDENED]]
// CHECK:         vector.reduction <add>
// CHECK:         memref.store %{{.*}}, %[[Y]]
// CHECK-NOT:     hybrid.
func.func @quantized_product(%x: memref<?x64xf32>, %codes: memref<16x2x16xi8>, %scales: memref<16x2xf32>, %y: memref<?x16xf32>) {
  hybrid.quantized_matmul ins(%x, %codes, %scales : memref<?x64xf32>, memref<16x2x16xi8>, memref<16x2xf32>) outs(%y : memref<?x16xf32>) {bits = 4, block = 32}
  return
}

// Rows that chose the same matrix are collected, and meet its columns in whole
// blocks; no matrix is copied.
// CHECK-LABEL: func.func @chosen_matrices(
// CHECK-SAME:    %[[X:.*]]: memref<?x64xf32>, %[[W:.*]]: memref<4x96x64xbf16>, %[[CHOSEN:.*]]: memref<?xi64>, %[[Y:.*]]: memref<?x96xf32>)
// CHECK:         %[[ROWS:.*]] = memref.alloca() {alignment = 64 : i64} : memref<{{[48]}}xindex>
// CHECK:         memref.load %[[CHOSEN]]
// CHECK:         scf.if
// CHECK:           memref.store %{{.*}}, %[[ROWS]]
// CHECK:           memref.load %[[ROWS]]
// WIDE:            vector.load %[[W]]{{.*}} vector<16xbf16>
// NARROW:          vector.load %[[W]]{{.*}} vector<8xbf16>
// CHECK:           arith.extf
// CHECK:           vector.reduction <add>
// CHECK:           memref.store %{{.*}}, %[[Y]]
// CHECK-NOT:     hybrid.
func.func @chosen_matrices(%x: memref<?x64xf32>, %w: memref<4x96x64xbf16>, %chosen: memref<?xi64>, %y: memref<?x96xf32>) {
  hybrid.indexed_matmul ins(%x, %w, %chosen : memref<?x64xf32>, memref<4x96x64xbf16>, memref<?xi64>) outs(%y : memref<?x96xf32>) {transposed}
  return
}

// Matrices stored as [k, n] give vectors of columns.
// CHECK-LABEL: func.func @chosen_columns(
// CHECK-NOT:     vector.reduction
// CHECK:         vector.store
// CHECK-NOT:     hybrid.
func.func @chosen_columns(%x: memref<?x64xf32>, %w: memref<4x64x96xf32>, %chosen: memref<?xi64>, %y: memref<?x96xf32>) {
  hybrid.indexed_matmul ins(%x, %w, %chosen : memref<?x64xf32>, memref<4x64x96xf32>, memref<?xi64>) outs(%y : memref<?x96xf32>)
  return
}
