// RUN: jarana-opt %s --cpu-pack-weights=nr=16 --split-input-file | FileCheck %s

hybrid.weight @w : tensor<64x40xf32> = #hybrid.file_range<"w.bin", 0, 10240>

// CHECK-LABEL: hybrid.weight @w
// CHECK: hybrid.weight @w.panels16 : tensor<3x64x16xf32> = #hybrid.derived<@w, panels, 16>
// CHECK: func.func @matmul(%[[X:.*]]: tensor<?x64xf32>)
// CHECK: %[[W:.*]] = hybrid.load_weight @w.panels16 : tensor<3x64x16xf32>
// CHECK: hybrid.packed_matmul ins(%[[X]], %[[W]] : tensor<?x64xf32>, tensor<3x64x16xf32>)
// CHECK-NOT: linalg.matmul
func.func @matmul(%x: tensor<?x64xf32>) -> tensor<?x40xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x64xf32>
  %w = hybrid.load_weight @w : tensor<64x40xf32>
  %e = tensor.empty(%m) : tensor<?x40xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x40xf32>) -> tensor<?x40xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x40xf32>) outs(%f : tensor<?x40xf32>) -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}

// -----

hybrid.weight @w : tensor<40x64xbf16> = #hybrid.file_range<"w.bin", 0, 5120>

// A transposed weight is packed from the layout that it is stored in.
// CHECK: hybrid.weight @w.panelsT16 : tensor<3x64x16xbf16> = #hybrid.derived<@w, panels_transposed, 16>
// CHECK-LABEL: func.func @transposed
// CHECK: hybrid.packed_matmul
func.func @transposed(%x: tensor<8x64xbf16>) -> tensor<8x40xbf16> {
  %zero = arith.constant 0.0 : bf16
  %w = hybrid.load_weight @w : tensor<40x64xbf16>
  %t = tensor.empty() : tensor<64x40xbf16>
  %wt = linalg.transpose ins(%w : tensor<40x64xbf16>) outs(%t : tensor<64x40xbf16>) permutation = [1, 0]
  %e = tensor.empty() : tensor<8x40xbf16>
  %f = linalg.fill ins(%zero : bf16) outs(%e : tensor<8x40xbf16>) -> tensor<8x40xbf16>
  %y = linalg.matmul ins(%x, %wt : tensor<8x64xbf16>, tensor<64x40xbf16>) outs(%f : tensor<8x40xbf16>) -> tensor<8x40xbf16>
  return %y : tensor<8x40xbf16>
}

// -----

hybrid.weight @w : tensor<64x40xf32> = #hybrid.file_range<"w.bin", 0, 10240>

// A product that starts from something is left alone.
// CHECK-LABEL: func.func @accumulates
// CHECK: linalg.matmul
func.func @accumulates(%x: tensor<?x64xf32>, %init: tensor<?x40xf32>) -> tensor<?x40xf32> {
  %w = hybrid.load_weight @w : tensor<64x40xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x40xf32>) outs(%init : tensor<?x40xf32>) -> tensor<?x40xf32>
  return %y : tensor<?x40xf32>
}

// -----

hybrid.weight @w : tensor<64x40xbf16> = #hybrid.file_range<"w.bin", 0, 5120>

// The sum in f32 and its rounding are one op.
// CHECK-LABEL: func.func @rounded
// CHECK: hybrid.packed_matmul ins({{.*}} : tensor<8x64xbf16>, tensor<3x64x16xbf16>) outs(%{{.*}} : tensor<8x40xbf16>)
// CHECK-NOT: arith.truncf
func.func @rounded(%x: tensor<8x64xbf16>, %e: tensor<8x40xbf16>) -> tensor<8x40xbf16> {
  %zero = arith.constant 0.0 : f32
  %w = hybrid.load_weight @w : tensor<64x40xbf16>
  %sum = tensor.empty() : tensor<8x40xf32>
  %f = linalg.fill ins(%zero : f32) outs(%sum : tensor<8x40xf32>) -> tensor<8x40xf32>
  %y = linalg.matmul ins(%x, %w : tensor<8x64xbf16>, tensor<64x40xbf16>) outs(%f : tensor<8x40xf32>) -> tensor<8x40xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%y : tensor<8x40xf32>) outs(%e : tensor<8x40xbf16>) {
  ^bb0(%a: f32, %o: bf16):
    %t = arith.truncf %a : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<8x40xbf16>
  return %r : tensor<8x40xbf16>
}

// -----

hybrid.weight @w : tensor<64x40xi8> = #hybrid.file_range<"w.bin", 0, 2560>

// Codes stay bytes: the scale of a column is left for the end.
// CHECK: hybrid.weight @w.panels16 : tensor<3x64x16xi8> = #hybrid.derived<@w, panels, 16>
// CHECK-LABEL: func.func @codes
// CHECK-SAME: %[[SCALE:[^:]*]]: tensor<1x40xf32>
// CHECK: %[[W:.*]] = hybrid.load_weight @w.panels16
// CHECK: %[[Y:.*]] = hybrid.packed_matmul ins(%{{.*}}, %[[W]] : tensor<8x64xf32>, tensor<3x64x16xi8>)
// CHECK: linalg.generic {{.*}} ins(%[[Y]], %[[SCALE]] : tensor<8x40xf32>, tensor<1x40xf32>)
// CHECK: arith.mulf
func.func @codes(%x: tensor<8x64xf32>, %scale: tensor<1x40xf32>, %e: tensor<64x40xf32>, %o: tensor<8x40xf32>) -> tensor<8x40xf32> {
  %zero = arith.constant 0.0 : f32
  %w = hybrid.load_weight @w : tensor<64x40xi8>
  %d = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (0, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%w, %scale : tensor<64x40xi8>, tensor<1x40xf32>) outs(%e : tensor<64x40xf32>) {
  ^bb0(%c: i8, %s: f32, %out: f32):
    %0 = arith.extsi %c : i8 to i32
    %1 = arith.sitofp %0 : i32 to f32
    %2 = arith.mulf %1, %s : f32
    linalg.yield %2 : f32
  } -> tensor<64x40xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<8x40xf32>) -> tensor<8x40xf32>
  %y = linalg.matmul ins(%x, %d : tensor<8x64xf32>, tensor<64x40xf32>) outs(%f : tensor<8x40xf32>) -> tensor<8x40xf32>
  return %y : tensor<8x40xf32>
}

// -----

hybrid.weight @w : tensor<64x40xi8> = #hybrid.file_range<"w.bin", 0, 2560>

// A scale per row is no factor of the sum.
// CHECK-LABEL: func.func @scale_per_row
// CHECK-NOT: packed_matmul
func.func @scale_per_row(%x: tensor<8x64xf32>, %scale: tensor<64xf32>, %e: tensor<64x40xf32>, %o: tensor<8x40xf32>) -> tensor<8x40xf32> {
  %zero = arith.constant 0.0 : f32
  %w = hybrid.load_weight @w : tensor<64x40xi8>
  %d = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%w, %scale : tensor<64x40xi8>, tensor<64xf32>) outs(%e : tensor<64x40xf32>) {
  ^bb0(%c: i8, %s: f32, %out: f32):
    %1 = arith.sitofp %c : i8 to f32
    %2 = arith.mulf %1, %s : f32
    linalg.yield %2 : f32
  } -> tensor<64x40xf32>
  %f = linalg.fill ins(%zero : f32) outs(%o : tensor<8x40xf32>) -> tensor<8x40xf32>
  %y = linalg.matmul ins(%x, %d : tensor<8x64xf32>, tensor<64x40xf32>) outs(%f : tensor<8x40xf32>) -> tensor<8x40xf32>
  return %y : tensor<8x40xf32>
}
