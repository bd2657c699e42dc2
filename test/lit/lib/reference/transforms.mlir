// What upstream's transforms make of linalg ops is evaluated, and equal over residues: tiles with what is left over,
// sums in parts, padding, splitting, other orders of loops.
// DEFINE: %{equal} = --canonicalize --cse 2>&1 | FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=tiles %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=parts %{equal} --check-prefix=PARTS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=parts_of_threads %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=padding %{equal} --check-prefix=PADDING
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=splitting %{equal} --check-prefix=SPLITTING

// LOOPS-COUNT-5: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// PARTS: scf.for
// PARTS: linalg.reduce
// PARTS: {{[1-9][0-9]*}} evaluations agree
// THREADS: scf.forall
// THREADS: tensor.parallel_insert_slice
// THREADS: linalg.reduce
// THREADS: {{[1-9][0-9]*}} evaluations agree
// PADDING: tensor.pad
// PADDING: {{[1-9][0-9]*}} evaluations agree
// SPLITTING-COUNT-4: linalg.generic
// SPLITTING: {{[1-9][0-9]*}} evaluations agree
func.func @product(%x: tensor<?x7xf32> {hybrid.dims = ["length", "7"]}, %w: tensor<7x5xf32>, %y: tensor<?x5xf32> {hybrid.dims = ["length", "5"]}) -> tensor<?x5xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<?x7xf32>, tensor<7x5xf32>) outs(%y : tensor<?x5xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<?x5xf32>
  return %0 : tensor<?x5xf32>
}

func.func @known(%x: tensor<3x7xf32>, %w: tensor<7x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %0 = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>],
                       iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : tensor<3x7xf32>, tensor<7x5xf32>) outs(%y : tensor<3x5xf32>) attrs = {pad} {
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @tiles(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.generic"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:3 = transform.structured.tile_using_for %op tile_sizes [4, 2, 3] interchange = [2, 0, 1]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @parts(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.generic"]} in %root : (!transform.any_op) -> !transform.any_op
    %fill, %part, %whole, %loop = transform.structured.tile_reduction_using_for %op by tile_sizes = [0, 0, 3]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @parts_of_threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.generic"]} in %root : (!transform.any_op) -> !transform.any_op
    %fill, %part, %whole, %loop = transform.structured.tile_reduction_using_forall %op by num_threads = [0, 0, 3] tile_sizes = [0, 0, 3]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @padding(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.generic"]} attributes {pad} in %root : (!transform.any_op) -> !transform.any_op
    %padded, %pad, %copy = transform.structured.pad %op pad_to_multiple_of [4, 2, 3] {padding_values = [0.0 : f32, 0.0 : f32, 0.0 : f32], padding_dimensions = [0, 1, 2], copy_back_op = "none"}
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @splitting(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["linalg.generic"]} in %root : (!transform.any_op) -> !transform.any_op
    %parts = transform.structured.split %op after 2 {dimension = 1} : !transform.any_op
    transform.yield
  }
}
