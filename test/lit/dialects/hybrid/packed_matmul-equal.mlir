// A product with packed weights is the same over residues after each of its transforms (docs/exact.md): 1, 3, 16 and
// 17 rows, panels that are full and a last one that is not, of floats and of codes.
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

func.func @ragged(%x: tensor<?x5xf32> {hybrid.dims = ["length", "5"]}, %panels: tensor<6x5x4xf32>, %y: tensor<?x21xf32> {hybrid.dims = ["length", "21"]})
    -> tensor<?x21xf32> {
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<?x5xf32>, tensor<6x5x4xf32>) outs(%y : tensor<?x21xf32>) -> tensor<?x21xf32>
  return %0 : tensor<?x21xf32>
}
func.func @full(%x: tensor<?x5xf32> {hybrid.dims = ["length", "5"]}, %panels: tensor<5x5x4xf32>, %y: tensor<?x20xf32> {hybrid.dims = ["length", "20"]})
    -> tensor<?x20xf32> {
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<?x5xf32>, tensor<5x5x4xf32>) outs(%y : tensor<?x20xf32>) -> tensor<?x20xf32>
  return %0 : tensor<?x20xf32>
}

// Known sizes: less than a panel, and codes with their sign.
func.func @one_panel(%x: tensor<7x3xbf16>, %panels: tensor<1x3x8xf32>, %y: tensor<7x5xbf16>) -> tensor<7x5xbf16> {
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<7x3xbf16>, tensor<1x3x8xf32>) outs(%y : tensor<7x5xbf16>) -> tensor<7x5xbf16>
  return %0 : tensor<7x5xbf16>
}
func.func @codes(%x: tensor<3x2xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %panels = arith.constant dense<[[[-128, 127], [3, -4]], [[5, -1], [-7, 8]], [[-9, 10], [11, 100]]]> : tensor<3x2x2xi8>
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<3x2xf32>, tensor<3x2x2xi8>) outs(%y : tensor<3x5xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.packed_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [5, 2] interchange = [1, 0]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.packed_matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [2, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
