// A product with quantised weights is the same over residues after each of its transforms (docs/exact.md): 1, 3, 16 and
// 17 rows, codes of 4 and 8 bits with all their bits, with zero points and without, and a last block that is padded.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH

// DECOMPOSED-COUNT-5: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-8: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-5: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

func.func @four_bits(%x: tensor<?x17xf32> {hybrid.dims = ["length", "17"]}, %scales: tensor<7x3xf32>, %y: tensor<?x7xf32> {hybrid.dims = ["length", "7"]})
    -> tensor<?x7xf32> {
  %codes = arith.constant dense<"0xAEB3FEE9232F8AF2211F9EE491C5B10BECB5563BFC1E6F93427ECBC8FE2955E5CD8E46DC8ED4B7C2764D2A5A4D767706F85D8690024AD6BDA3401BE9C8CBCC"> : tensor<7x3x3xi8>
  %zeros = arith.constant dense<"0xC935F6CD1F61226AE15338AE1A34"> : tensor<7x2xi8>
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<?x17xf32>, tensor<7x3x3xi8>, tensor<7x3xf32>) zero_points(%zeros : tensor<7x2xi8>)
      outs(%y : tensor<?x7xf32>) {tile, bits = 4, block = 6} -> tensor<?x7xf32>
  return %0 : tensor<?x7xf32>
}
func.func @eight_bits(%x: tensor<?x10xf32> {hybrid.dims = ["length", "10"]}, %scales: tensor<5x3xf32>, %y: tensor<?x5xf32> {hybrid.dims = ["length", "5"]})
    -> tensor<?x5xf32> {
  %codes = arith.constant dense<"0x004D33BA0D246AC04C81B1BAF23E3BF9EEF5F79F2B4934AF87F5520B69B94B0D982E85BB55B672A872637ACD7466FCB60E0E8FF18463B0E4B2BA2970"> : tensor<5x3x4xi8>
  %zeros = arith.constant dense<"0x3474F064AC68F700F5B02B3DC666F4"> : tensor<5x3xi8>
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<?x10xf32>, tensor<5x3x4xi8>, tensor<5x3xf32>) zero_points(%zeros : tensor<5x3xi8>)
      outs(%y : tensor<?x5xf32>) {tile, bits = 8, block = 4} -> tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

// Known sizes: no zero points, of half precision, and one row.
func.func @no_zeros_four(%x: tensor<3x7x5xbf16>, %scales: tensor<4x2xbf16>, %y: tensor<3x7x4xbf16>) -> tensor<3x7x4xbf16> {
  %codes = arith.constant dense<"0xA54DCA182530BB1D6D132CDED6237B2E"> : tensor<4x2x2xi8>
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<3x7x5xbf16>, tensor<4x2x2xi8>, tensor<4x2xbf16>)
      outs(%y : tensor<3x7x4xbf16>) {bits = 4, block = 4} -> tensor<3x7x4xbf16>
  return %0 : tensor<3x7x4xbf16>
}
func.func @no_zeros_eight(%x: tensor<3x8xf32>, %scales: tensor<5x2xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %codes = arith.constant dense<"0xD91E3F721FCB1971174494D6493C9D5C3460BE31201E69FEDAA0EEE8B9997F5C7C2999FDAFE59325"> : tensor<5x2x4xi8>
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<3x8xf32>, tensor<5x2x4xi8>, tensor<5x2xf32>)
      outs(%y : tensor<3x5xf32>) {tile, bits = 8, block = 4} -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}
func.func @one_row(%x: tensor<3xf32>, %scales: tensor<5x1xf32>, %y: tensor<5xf32>) -> tensor<5xf32> {
  %codes = arith.constant dense<"0x3CD654AF4DFAD71427A0"> : tensor<5x1x2xi8>
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<3xf32>, tensor<5x1x2xi8>, tensor<5x1xf32>)
      outs(%y : tensor<5xf32>) {bits = 4, block = 4} -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.quantized_matmul"]} attributes {tile} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [5, 3] interchange = [1, 0]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %rows = transform.structured.match ops{["hybrid.quantized_matmul"]} attributes {bits = 4 : i64, block = 4 : i64} in %root
        : (!transform.any_op) -> !transform.any_op
    %columns, %loop = transform.structured.tile_using_for %rows tile_sizes [2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.quantized_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
