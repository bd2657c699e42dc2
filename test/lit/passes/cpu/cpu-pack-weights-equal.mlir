// Products with packed weights are the same over residues (docs/exact.md), with panels of 4 that the columns fill or not.
// RUN: jarana-opt %s --verify-passes --cpu-pack-weights=nr=4 2>&1 | FileCheck %s --implicit-check-not="not checked" --implicit-check-not=linalg.matmul
// RUN: jarana-opt %s --verify-passes --cpu-pack-weights=nr=4 --cpu-decompose=all --canonicalize --cse -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// CHECK-COUNT-5: = hybrid.packed_matmul
// CHECK: {{[1-9][0-9]*}} evaluations agree
// EQUAL: {{[1-9][0-9]*}} evaluations agree

hybrid.weight @ragged_weight : tensor<5x7xf32> = dense<"0x0000CC400000DC400000CC40000000C0000008C00000E440000008C00000A0C00000C8400000D03F000060C00000A4C00000D8C0000094400000CC40000040C00000F4C00000C0C00000C4C00000DCC0000000C00000C0BE0000E4C00000D840000018400000C0400000E0BF000020BF0000B03F0000FC400000FCC00000ACC00000D4400000603F0000A040"> : tensor<5x7xf32>
hybrid.weight @full_weight : tensor<3x8xf32> = dense<"0x0000ACC00000003E00000040000040BF0000903F0000E4C00000BCC0000094C000009840000094C00000A03F000088400000BCC00000F0C0000000C10000A0BF0000B0BF0000CCC00000E04000008040000094400000AC400000B8C00000E0BF"> : tensor<3x8xf32>
hybrid.weight @transposed_weight : tensor<6x5xbf16> = dense<"0x203F3040A8C0F03F2840F4C0A04088C070C000BE9CC0F8C0C4C0DC40F04018C000C0C84000C078C0AC4088408CC09440AC40A0BF00C1203FD03FECC0"> : tensor<6x5xbf16>
hybrid.weight @codes_weight : tensor<5x6xi8> = dense<"0x6B5FC933154A6DE28404A897C525262E6A7C07BCBEE841F745C55D4E9F74"> : tensor<5x6xi8>

func.func @ragged(%x: tensor<?x5xf32> {hybrid.dims = ["length", "5"]}) -> tensor<?x7xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x5xf32>
  %w = hybrid.load_weight @ragged_weight : tensor<5x7xf32>
  %e = tensor.empty(%m) : tensor<?x7xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x7xf32>) -> tensor<?x7xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x5xf32>, tensor<5x7xf32>) outs(%f : tensor<?x7xf32>) -> tensor<?x7xf32>
  return %y : tensor<?x7xf32>
}
func.func @full(%x: tensor<1x3xf32>) -> tensor<1x8xf32> {
  %zero = arith.constant 0.0 : f32
  %w = hybrid.load_weight @full_weight : tensor<3x8xf32>
  %e = tensor.empty() : tensor<1x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x8xf32>) -> tensor<1x8xf32>
  %y = linalg.matmul ins(%x, %w : tensor<1x3xf32>, tensor<3x8xf32>) outs(%f : tensor<1x8xf32>) -> tensor<1x8xf32>
  return %y : tensor<1x8xf32>
}
func.func @stored_transposed(%x: tensor<7x5xbf16>) -> tensor<7x6xbf16> {
  %zero = arith.constant 0.0 : bf16
  %w = hybrid.load_weight @transposed_weight : tensor<6x5xbf16>
  %t = tensor.empty() : tensor<5x6xbf16>
  %wt = linalg.transpose ins(%w : tensor<6x5xbf16>) outs(%t : tensor<5x6xbf16>) permutation = [1, 0]
  %e = tensor.empty() : tensor<7x6xbf16>
  %f = linalg.fill ins(%zero : bf16) outs(%e : tensor<7x6xbf16>) -> tensor<7x6xbf16>
  %y = linalg.matmul ins(%x, %wt : tensor<7x5xbf16>, tensor<5x6xbf16>) outs(%f : tensor<7x6xbf16>) -> tensor<7x6xbf16>
  return %y : tensor<7x6xbf16>
}

// A sum that is rounded, and codes whose scales of the columns come after.
func.func @rounded(%x: tensor<?x5xf32> {hybrid.dims = ["length", "5"]}, %e: tensor<?x7xbf16> {hybrid.dims = ["length", "7"]}) -> tensor<?x7xbf16> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %m = tensor.dim %x, %c0 : tensor<?x5xf32>
  %w = hybrid.load_weight @ragged_weight : tensor<5x7xf32>
  %sum = tensor.empty(%m) : tensor<?x7xf32>
  %f = linalg.fill ins(%zero : f32) outs(%sum : tensor<?x7xf32>) -> tensor<?x7xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x5xf32>, tensor<5x7xf32>) outs(%f : tensor<?x7xf32>) -> tensor<?x7xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%y : tensor<?x7xf32>) outs(%e : tensor<?x7xbf16>) {
  ^bb0(%a: f32, %o: bf16):
    %t = arith.truncf %a : f32 to bf16
    linalg.yield %t : bf16
  } -> tensor<?x7xbf16>
  return %r : tensor<?x7xbf16>
}
func.func @codes(%x: tensor<3x5xf32>, %scale: tensor<1x6xf32>) -> tensor<3x6xf32> {
  %zero = arith.constant 0.0 : f32
  %w = hybrid.load_weight @codes_weight : tensor<5x6xi8>
  %d = tensor.empty() : tensor<5x6xf32>
  %s = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (0, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%w, %scale : tensor<5x6xi8>, tensor<1x6xf32>) outs(%d : tensor<5x6xf32>) {
  ^bb0(%c: i8, %a: f32, %out: f32):
    %0 = arith.sitofp %c : i8 to f32
    %1 = arith.mulf %0, %a : f32
    linalg.yield %1 : f32
  } -> tensor<5x6xf32>
  %e = tensor.empty() : tensor<3x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<3x6xf32>) -> tensor<3x6xf32>
  %y = linalg.matmul ins(%x, %s : tensor<3x5xf32>, tensor<5x6xf32>) outs(%f : tensor<3x6xf32>) -> tensor<3x6xf32>
  return %y : tensor<3x6xf32>
}
