// A norm is the same over residues after each of its transforms (docs/exact.md): gates before and after, groups,
// rows of one rank and of several, in tiles that leave a rest.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=rows 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=rows --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH

// DECOMPOSED-COUNT-5: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-8: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-4: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

!x = tensor<?x?x6xf32>

func.func @plain(%x: !x, %w: tensor<6xf32>, %y: !x) -> !x {
  %0 = hybrid.rms_norm ins(%x : !x) weight(%w : tensor<6xf32>) outs(%y : !x) {tile, epsilon = 1.0e-5 : f32} -> !x
  return %0 : !x
}
func.func @gate_before(%x: !x, %w: tensor<6xf32>, %g: !x, %y: !x) -> !x {
  %0 = hybrid.rms_norm ins(%x : !x) weight(%w : tensor<6xf32>) gate(%g : !x) outs(%y : !x) {tile, epsilon = 1.0e-5 : f32, groups = 2} -> !x
  return %0 : !x
}
func.func @gate_after(%x: !x, %g: !x, %y: !x) -> !x {
  %0 = hybrid.rms_norm ins(%x : !x) gate(%g : !x) outs(%y : !x)
      {tile, epsilon = 1.0e-5 : f32, groups = 3, gate_position = #hybrid.gate_position<after>} -> !x
  return %0 : !x
}

// Known sizes, of half precision.
func.func @half(%x: tensor<3x7x1x4xbf16>, %w: tensor<4xf32>, %g: tensor<3x7x1x4xf32>, %y: tensor<3x7x1x4xbf16>) -> tensor<3x7x1x4xbf16> {
  %0 = hybrid.rms_norm ins(%x : tensor<3x7x1x4xbf16>) weight(%w : tensor<4xf32>) gate(%g : tensor<3x7x1x4xf32>) outs(%y : tensor<3x7x1x4xbf16>)
      {tile, epsilon = 0.0 : f32} -> tensor<3x7x1x4xbf16>
  return %0 : tensor<3x7x1x4xbf16>
}
func.func @one_row(%x: tensor<9xf32>, %y: tensor<9xf32>) -> tensor<9xf32> {
  %0 = hybrid.rms_norm ins(%x : tensor<9xf32>) outs(%y : tensor<9xf32>) {epsilon = 1.0e-6 : f32, groups = 3} -> tensor<9xf32>
  return %0 : tensor<9xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @rows(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rms_norm"]} attributes {tile} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:2 = transform.structured.tile_using_for %op tile_sizes [1, 5] interchange = [1, 0]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rms_norm"]} attributes {tile} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [2, 3] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
