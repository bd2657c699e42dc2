// Running attention is the same over residues after each of its transforms (docs/exact.md): from any maximum, sum
// and values so far, in tiles of queries and keys that leave a rest.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH

// DECOMPOSED-COUNT-6: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-25: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-5: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

// From nothing to the last key it is attention, tiled or not.
// DEFINE: %{attention} = --evaluate="function=attention equals=from_nothing sizes=batch=1,past=0,queries=1" \
// DEFINE:   --evaluate="function=attention equals=from_nothing sizes=batch=2,past=2,queries=5" \
// DEFINE:   --evaluate="function=attention equals=from_nothing sizes=batch=1,past=5,queries=17"
// RUN: jarana-opt %s %{attention} -o /dev/null
// RUN: jarana-opt %s --transform-interpreter=entry-point=every_loop --cpu-decompose=all %{attention} -o /dev/null

!q = tensor<?x2x3x?x2xf32>
!k = tensor<?x2x?x2xf32>
!v = tensor<?x2x?x3xf32>
!y = tensor<?x2x3x?x3xf32>
!m = tensor<?x2x3x?xf32>
#q = ["batch", "2", "3", "queries", "2"]
#k = ["batch", "2", "past + queries", "2"]
#v = ["batch", "2", "past + queries", "3"]
#y = ["batch", "2", "3", "queries", "3"]
#m = ["batch", "2", "3", "queries"]

func.func @causal(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v},
                  %bias: tensor<?x1x3x?x?xf32> {hybrid.dims = ["batch", "1", "3", "queries", "past + queries"]}, %offset: tensor<?xi64> {hybrid.dims = ["batch"]},
                  %acc: !y {hybrid.dims = #y}, %max: !m {hybrid.dims = #m}, %sum: !m {hybrid.dims = #m}) -> (!y, !m, !m) {
  %0:3 = hybrid.online_attention ins(%q, %k, %v : !q, !k, !v) bias(%bias : tensor<?x1x3x?x?xf32>) query_offset(%offset : tensor<?xi64>)
      outs(%acc, %max, %sum : !y, !m, !m) {scale = 0.5 : f32, mask = #hybrid.mask<causal>, softcap = 30.0 : f32} -> !y, !m, !m
  return %0#0, %0#1, %0#2 : !y, !m, !m
}

func.func @no_offset(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v},
                     %acc: !y {hybrid.dims = #y}, %max: !m {hybrid.dims = #m}, %sum: !m {hybrid.dims = #m}) -> (!y, !m, !m) {
  %0:3 = hybrid.online_attention ins(%q, %k, %v : !q, !k, !v) outs(%acc, %max, %sum : !y, !m, !m)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> !y, !m, !m
  return %0#0, %0#1, %0#2 : !y, !m, !m
}

func.func @no_mask(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v},
                   %bias: tensor<1x2x1x1x?xf32> {hybrid.dims = ["1", "2", "1", "1", "past + queries"]},
                   %acc: !y {hybrid.dims = #y}, %max: !m {hybrid.dims = #m}, %sum: !m {hybrid.dims = #m}) -> (!y, !m, !m) {
  %0:3 = hybrid.online_attention ins(%q, %k, %v : !q, !k, !v) bias(%bias : tensor<1x2x1x1x?xf32>) outs(%acc, %max, %sum : !y, !m, !m)
      {scale = 0.5 : f32} -> !y, !m, !m
  return %0#0, %0#1, %0#2 : !y, !m, !m
}

// Known sizes, of half precision.
func.func @half(%q: tensor<3x1x1x7x4xbf16>, %k: tensor<3x1x9x4xbf16>, %offset: tensor<3xi64>, %acc: tensor<3x1x1x7x4xf32>,
                %max: tensor<3x1x1x7xf32>, %sum: tensor<3x1x1x7xf32>) -> (tensor<3x1x1x7x4xf32>, tensor<3x1x1x7xf32>, tensor<3x1x1x7xf32>) {
  %0:3 = hybrid.online_attention ins(%q, %k, %k : tensor<3x1x1x7x4xbf16>, tensor<3x1x9x4xbf16>, tensor<3x1x9x4xbf16>) query_offset(%offset : tensor<3xi64>)
      outs(%acc, %max, %sum : tensor<3x1x1x7x4xf32>, tensor<3x1x1x7xf32>, tensor<3x1x1x7xf32>) {scale = 1.0 : f32, mask = #hybrid.mask<causal>}
      -> tensor<3x1x1x7x4xf32>, tensor<3x1x1x7xf32>, tensor<3x1x1x7xf32>
  return %0#0, %0#1, %0#2 : tensor<3x1x1x7x4xf32>, tensor<3x1x1x7xf32>, tensor<3x1x1x7xf32>
}

// Queries that see no key, and the two ways to all keys.
func.func @from_nothing(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v}, %y: !y {hybrid.dims = #y}) -> !y {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %offset = arith.constant dense<-1> : tensor<i64>
  %batch = tensor.dim %q, %c0 : !q
  %queries = tensor.dim %q, %c3 : !q
  %m = tensor.empty(%batch, %queries) : !m
  %acc = linalg.fill ins(%zero : f32) outs(%y : !y) -> !y
  %max = linalg.fill ins(%lowest : f32) outs(%m : !m) -> !m
  %sum = linalg.fill ins(%zero : f32) outs(%m : !m) -> !m
  %0:3 = hybrid.online_attention ins(%q, %k, %v : !q, !k, !v) query_offset(%offset : tensor<i64>) outs(%acc, %max, %sum : !y, !m, !m)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> !y, !m, !m
  %1 = linalg.generic {indexing_maps = [affine_map<(b, h, r, m, e) -> (b, h, r, m, e)>, affine_map<(b, h, r, m, e) -> (b, h, r, m)>,
                                        affine_map<(b, h, r, m, e) -> (b, h, r, m, e)>],
                       iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%0#0, %0#2 : !y, !m) outs(%y : !y) {
  ^bb0(%a: f32, %s: f32, %out: f32):
    %none = arith.cmpf oeq, %s, %zero : f32
    %d = arith.divf %a, %s : f32
    %r = arith.select %none, %zero, %d : f32
    linalg.yield %r : f32
  } -> !y
  return %1 : !y
}
func.func @attention(%q: !q {hybrid.dims = #q}, %k: !k {hybrid.dims = #k}, %v: !v {hybrid.dims = #v}, %y: !y {hybrid.dims = #y}) -> !y {
  %offset = arith.constant dense<-1> : tensor<i64>
  %0 = hybrid.attention ins(%q, %k, %v : !q, !k, !v) query_offset(%offset : tensor<i64>) outs(%y : !y)
      {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> !y
  return %0 : !y
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.online_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:5 = transform.structured.tile_using_for %op tile_sizes [1, 1, 2, 2, 3] interchange = [2, 4, 0, 3, 1]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.online_attention"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 2, 1, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
