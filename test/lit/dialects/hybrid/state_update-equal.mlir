// One step of a scan is the same over residues after each of its transforms (docs/exact.md): for one sequence and
// two, with two groups, in tiles that leave a rest.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH

// DECOMPOSED-COUNT-3: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-12: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-3: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

!x = tensor<?x2x3x5xf32>
!dt = tensor<?x2x3xf32>
!b = tensor<?x2x2xf32>
!s = tensor<?x2x3x5x2xf32>

func.func @decay_of_a_head(%x: !x, %dt: !dt, %a: tensor<2x3xf32>, %b: !b, %c: !b, %y: !x, %s: !s) -> (!x, !s) {
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : !x, tensor<2x3xf32>, !b, !b) dt(%dt : !dt) outs(%y, %s : !x, !s) -> !x, !s
  return %0#0, %0#1 : !x, !s
}
func.func @decay_of_a_position(%x: !x, %a: !dt, %b: !b, %c: !b, %y: !x, %s: !s) -> (!x, !s) {
  %0:2 = hybrid.state_update ins(%x, %a, %b, %c : !x, !dt, !b, !b) outs(%y, %s : !x, !s) -> !x, !s
  return %0#0, %0#1 : !x, !s
}

// Known sizes, of half precision.
func.func @half(%x: tensor<3x1x7x1xbf16>, %dt: tensor<3x1x7xf32>, %a: tensor<3x1x7xbf16>, %b: tensor<3x1x4xbf16>, %y: tensor<3x1x7x1xbf16>,
                %s: tensor<3x1x7x1x4xf32>) -> (tensor<3x1x7x1xbf16>, tensor<3x1x7x1x4xf32>) {
  %0:2 = hybrid.state_update ins(%x, %a, %b, %b : tensor<3x1x7x1xbf16>, tensor<3x1x7xbf16>, tensor<3x1x4xbf16>, tensor<3x1x4xbf16>)
      dt(%dt : tensor<3x1x7xf32>) outs(%y, %s : tensor<3x1x7x1xbf16>, tensor<3x1x7x1x4xf32>) -> tensor<3x1x7x1xbf16>, tensor<3x1x7x1x4xf32>
  return %0#0, %0#1 : tensor<3x1x7x1xbf16>, tensor<3x1x7x1x4xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.state_update"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:4 = transform.structured.tile_using_for %op tile_sizes [1, 1, 2, 3] interchange = [3, 2, 0, 1]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.state_update"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 1, 2, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
