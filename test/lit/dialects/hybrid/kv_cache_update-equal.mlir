// A cache is the same over residues after each transform of its update (docs/exact.md): 1, 3, 16 and 17 new positions,
// from one position on or from one for each sequence.
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

func.func @one_position(%new: tensor<?x3x?x2xf32>, %p: tensor<i64>, %cache: tensor<?x3x24x2xf32>) -> tensor<?x3x24x2xf32> {
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<?x3x?x2xf32>, tensor<i64>) outs(%cache : tensor<?x3x24x2xf32>) -> tensor<?x3x24x2xf32>
  return %0 : tensor<?x3x24x2xf32>
}
func.func @position_of_a_sequence(%new: tensor<?x3x?x2xf32> {hybrid.dims = ["batch", "3", "new", "2"]}, %p: tensor<?xi64> {hybrid.dims = ["batch"]},
                                  %cache: tensor<?x3x?x2xf32> {hybrid.dims = ["batch", "3", "new + 7", "2"]}) -> tensor<?x3x?x2xf32> {
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<?x3x?x2xf32>, tensor<?xi64>) outs(%cache : tensor<?x3x?x2xf32>) -> tensor<?x3x?x2xf32>
  return %0 : tensor<?x3x?x2xf32>
}

// Known sizes, of half precision; the cache is full then.
func.func @step(%new: tensor<3x1x1x2xbf16>, %cache: tensor<3x1x5x2xbf16>) -> tensor<3x1x5x2xbf16> {
  %p = arith.constant dense<[4, 0, 2]> : tensor<3xi64>
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<3x1x1x2xbf16>, tensor<3xi64>) outs(%cache : tensor<3x1x5x2xbf16>) -> tensor<3x1x5x2xbf16>
  return %0 : tensor<3x1x5x2xbf16>
}
func.func @all_of_it(%new: tensor<2x3x5x2xf32>, %cache: tensor<2x3x5x2xf32>) -> tensor<2x3x5x2xf32> {
  %p = arith.constant dense<0> : tensor<i64>
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<2x3x5x2xf32>, tensor<i64>) outs(%cache : tensor<2x3x5x2xf32>) -> tensor<2x3x5x2xf32>
  return %0 : tensor<2x3x5x2xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.kv_cache_update"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [1, 2] interchange = [1, 0]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.kv_cache_update"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [2, 1] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
