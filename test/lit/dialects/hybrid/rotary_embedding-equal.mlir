// Rotated heads are the same over residues after each transform (docs/exact.md): at lengths 1, 3, 16 and 17, with
// tables of each sequence and shared ones, pairs of halves and of neighbours, and dimensions that pass through.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=idle_threads 2>&1 | %{equal} --check-prefix=THREADS

// DECOMPOSED-COUNT-4: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-12: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-4: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

!x = tensor<?x?x3x10xf32>

func.func @halves(%x: !x, %cos: tensor<?x?x3xf32>, %sin: tensor<?x?x3xf32>, %y: !x) -> !x {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %sin : !x, tensor<?x?x3xf32>, tensor<?x?x3xf32>) outs(%y : !x) {rotary_dim = 6} -> !x
  return %0 : !x
}
func.func @neighbours(%x: !x, %cos: tensor<1x?x3xf32>, %sin: tensor<1x?x3xf32>, %y: !x) -> !x {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %sin : !x, tensor<1x?x3xf32>, tensor<1x?x3xf32>) outs(%y : !x)
      {rotary_dim = 6, mode = #hybrid.rotary_mode<interleaved>} -> !x
  return %0 : !x
}

// Known sizes: all dimensions are rotated.
func.func @half(%x: tensor<2x5x1x4xbf16>, %cos: tensor<2x5x2xf32>, %sin: tensor<2x5x2xf32>, %y: tensor<2x5x1x4xbf16>) -> tensor<2x5x1x4xbf16> {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %sin : tensor<2x5x1x4xbf16>, tensor<2x5x2xf32>, tensor<2x5x2xf32>) outs(%y : tensor<2x5x1x4xbf16>)
      {rotary_dim = 4} -> tensor<2x5x1x4xbf16>
  return %0 : tensor<2x5x1x4xbf16>
}
func.func @all_neighbours(%x: tensor<3x7x2x4xf32>, %cos: tensor<1x7x2xf32>, %sin: tensor<1x7x2xf32>, %y: tensor<3x7x2x4xf32>) -> tensor<3x7x2x4xf32> {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %sin : tensor<3x7x2x4xf32>, tensor<1x7x2xf32>, tensor<1x7x2xf32>) outs(%y : tensor<3x7x2x4xf32>)
      {rotary_dim = 4, mode = #hybrid.rotary_mode<interleaved>} -> tensor<3x7x2x4xf32>
  return %0 : tensor<3x7x2x4xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rotary_embedding"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:3 = transform.structured.tile_using_for %op tile_sizes [1, 5, 2] interchange = [2, 0, 1]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rotary_embedding"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [2, 3, 1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
  // A sequence of one position leaves nothing to all threads but one.
  transform.named_sequence @idle_threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rotary_embedding"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op num_threads [2, 4, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
