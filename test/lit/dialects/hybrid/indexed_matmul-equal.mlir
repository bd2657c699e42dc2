// Products with chosen matrices are the same over residues after each of their transforms (docs/exact.md): 1, 3, 16 and
// 17 rows, both orders of a matrix, and indices from the end.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH

// DECOMPOSED-COUNT-4: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-8: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-4: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

!x = tensor<?x6xf32>
!y = tensor<?x7xf32>
#x = ["length", "6"]
#y = ["length", "7"]

// Indices that are drawn are below 8.
func.func @transposed(%x: !x {hybrid.dims = #x}, %w: tensor<8x7x6xf32>, %chosen: tensor<?xi64> {hybrid.dims = ["length"]}, %y: !y {hybrid.dims = #y}) -> !y {
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : !x, tensor<8x7x6xf32>, tensor<?xi64>) outs(%y : !y) {transposed} -> !y
  return %0 : !y
}
func.func @plain(%x: !x {hybrid.dims = #x}, %w: tensor<8x6x7xf32>, %chosen: tensor<?xi64> {hybrid.dims = ["length"]}, %y: !y {hybrid.dims = #y}) -> !y {
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : !x, tensor<8x6x7xf32>, tensor<?xi64>) outs(%y : !y) -> !y
  return %0 : !y
}

// Known sizes, of half precision.
func.func @transposed_from_the_end(%x: tensor<5x6xf16>, %w: tensor<4x7x6xbf16>, %y: tensor<5x7xf16>) -> tensor<5x7xf16> {
  %chosen = arith.constant dense<[3, -1, 0, 2, -4]> : tensor<5xi64>
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x6xf16>, tensor<4x7x6xbf16>, tensor<5xi64>)
      outs(%y : tensor<5x7xf16>) {transposed} -> tensor<5x7xf16>
  return %0 : tensor<5x7xf16>
}
func.func @plain_from_the_end(%x: tensor<5x6xf32>, %w: tensor<4x6x7xf32>, %y: tensor<5x7xf32>) -> tensor<5x7xf32> {
  %chosen = arith.constant dense<[3, -1, 0, 2, -4]> : tensor<5xi64>
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x6xf32>, tensor<4x6x7xf32>, tensor<5xi64>)
      outs(%y : tensor<5x7xf32>) -> tensor<5x7xf32>
  return %0 : tensor<5x7xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.indexed_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [4, 3] interchange = [1, 0]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.indexed_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [2, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
