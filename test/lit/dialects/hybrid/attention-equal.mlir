// Attention is the same over residues after each of its transforms (docs/exact.md): 1, 3, 16 and 17 queries, which
// tiles of 2 and 5 leave a rest of, before and after keys that came earlier, with two groups of three heads.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=idle_threads 2>&1 | %{equal} --check-prefix=THREADS

// DECOMPOSED-COUNT-7: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-28: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-7: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

!q = tensor<?x2x3x?x2xf32>
!k = tensor<?x2x?x2xf32>
!v = tensor<?x2x?x3xf32>
!y = tensor<?x2x3x?x3xf32>
#q = ["batch", "2", "3", "queries", "2"]
#k = ["batch", "2", "past + queries", "2"]
#v = ["batch", "2", "past + queries", "3"]
#y = ["batch", "2", "3", "queries", "3"]

// A bias for each head, query and key; each sequence starts elsewhere.
func.func @causal(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v},
                  %bias: tensor<1x1x3x?x?xf32> {hybrid.dims = ["1", "1", "3", "queries", "past + queries"]},
                  %offset: tensor<?xi64> {hybrid.dims = ["batch"]}, %y: !y {hybrid.dims = #y}) -> !y {
  %0 = hybrid.attention ins(%q, %k, %v : !q, !k, !v) bias(%bias : tensor<1x1x3x?x?xf32>) query_offset(%offset : tensor<?xi64>)
      outs(%y : !y) {scale = 0.25 : f32, mask = #hybrid.mask<causal>, softcap = 50.0 : f32} -> !y
  return %0 : !y
}

func.func @one_offset(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v}, %offset: tensor<i64>, %y: !y {hybrid.dims = #y}) -> !y {
  %0 = hybrid.attention ins(%q, %k, %v : !q, !k, !v) query_offset(%offset : tensor<i64>) outs(%y : !y)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> !y
  return %0 : !y
}

func.func @no_offset(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v}, %y: !y {hybrid.dims = #y}) -> !y {
  %0 = hybrid.attention ins(%q, %k, %v : !q, !k, !v) outs(%y : !y) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> !y
  return %0 : !y
}

// Queries that see no key.
func.func @hidden(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v}, %y: !y {hybrid.dims = #y}) -> !y {
  %offset = arith.constant dense<-1> : tensor<i64>
  %0 = hybrid.attention ins(%q, %k, %v : !q, !k, !v) query_offset(%offset : tensor<i64>) outs(%y : !y)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> !y
  return %0 : !y
}

// A bias for each sequence, group and key, the same for all queries.
func.func @no_mask(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v},
                   %bias: tensor<?x2x1x1x?xf32> {hybrid.dims = ["batch", "2", "1", "1", "past + queries"]}, %y: !y {hybrid.dims = #y}) -> !y {
  %0 = hybrid.attention ins(%q, %k, %v : !q, !k, !v) bias(%bias : tensor<?x2x1x1x?xf32>) outs(%y : !y) {scale = 1.5 : f32} -> !y
  return %0 : !y
}

// A window, and a sink for each head.
func.func @window(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v}, %offset: tensor<?xi64> {hybrid.dims = ["batch"]},
                  %sink: tensor<2x3xf32> {hybrid.dims = ["2", "3"]}, %y: !y {hybrid.dims = #y}) -> !y {
  %0 = hybrid.attention ins(%q, %k, %v : !q, !k, !v) query_offset(%offset : tensor<?xi64>) sink(%sink : tensor<2x3xf32>) outs(%y : !y)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>, window = 3} -> !y
  return %0 : !y
}

// Known sizes, of half precision: tiles that do not fit, and one head.
func.func @half(%q: tensor<3x1x1x7x4xbf16>, %k: tensor<3x1x9x4xbf16>, %bias: tensor<3x1x1x7x9xf32>, %offset: tensor<3xi64>, %y: tensor<3x1x1x7x4xbf16>)
    -> tensor<3x1x1x7x4xbf16> {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<3x1x1x7x4xbf16>, tensor<3x1x9x4xbf16>, tensor<3x1x9x4xbf16>) bias(%bias : tensor<3x1x1x7x9xf32>)
      query_offset(%offset : tensor<3xi64>) outs(%y : tensor<3x1x1x7x4xbf16>) {scale = 1.0 : f32, mask = #hybrid.mask<causal>} -> tensor<3x1x1x7x4xbf16>
  return %0 : tensor<3x1x1x7x4xbf16>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:4 = transform.structured.tile_using_for %op tile_sizes [1, 1, 2, 2] interchange = [3, 0, 2, 1]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [2, 1, 0, 5] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
  // One query leaves nothing to all threads but one.
  transform.named_sequence @idle_threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op num_threads [1, 2, 2, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
