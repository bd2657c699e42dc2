// A convolution is the same over residues after each of its transforms (docs/exact.md): at lengths 1, 3, 16 and 17,
// some shorter than its window, from windows that are not zero.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH

// DECOMPOSED-COUNT-6: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-16: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-5: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

// One position after another.
// DEFINE: %{steps} = --evaluate="function=conv equals=steps sizes=batch=2,length=0" --evaluate="function=conv equals=steps sizes=batch=1,length=1" --evaluate="function=conv equals=steps sizes=batch=2,length=2" \
// DEFINE:   --evaluate="function=conv equals=steps sizes=batch=1,length=6"
// RUN: jarana-opt %s %{steps} -o /dev/null
// RUN: jarana-opt %s --transform-interpreter=entry-point=every_loop --cpu-decompose=all %{steps} -o /dev/null

!x = tensor<?x?x5xf32>
!s = tensor<?x3x5xf32>
#x = ["batch", "length", "5"]
#s = ["batch", "3", "5"]

func.func @conv(%x: !x {hybrid.dims = #x}, %w: tensor<5x4xf32>, %bias: tensor<5xf32>, %y: !x {hybrid.dims = #x}, %s: !s {hybrid.dims = #s}) -> (!x, !s) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : !x, tensor<5x4xf32>) bias(%bias : tensor<5xf32>) outs(%y, %s : !x, !s)
      {tile, activation = #hybrid.activation<silu>} -> !x, !s
  return %0#0, %0#1 : !x, !s
}

func.func @steps(%x: !x {hybrid.dims = #x}, %w: tensor<5x4xf32>, %bias: tensor<5xf32>, %y: !x {hybrid.dims = #x}, %s: !s {hybrid.dims = #s}) -> (!x, !s) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %x, %c0 : !x
  %length = tensor.dim %x, %c1 : !x
  %0:2 = scf.for %t = %c0 to %length step %c1 iter_args(%yt = %y, %st = %s) -> (!x, !s) {
    %x1 = tensor.extract_slice %x[0, %t, 0] [%batch, 1, 5] [1, 1, 1] : !x to tensor<?x1x5xf32>
    %e = tensor.empty(%batch) : tensor<?x1x5xf32>
    %1:2 = hybrid.causal_conv1d ins(%x1, %w : tensor<?x1x5xf32>, tensor<5x4xf32>) bias(%bias : tensor<5xf32>) outs(%e, %st : tensor<?x1x5xf32>, !s)
        {tile, activation = #hybrid.activation<silu>} -> tensor<?x1x5xf32>, !s
    %2 = tensor.insert_slice %1#0 into %yt[0, %t, 0] [%batch, 1, 5] [1, 1, 1] : tensor<?x1x5xf32> into !x
    scf.yield %2, %1#1 : !x, !s
  }
  return %0#0, %0#1 : !x, !s
}

func.func @no_bias(%x: !x, %w: tensor<5x4xf32>, %y: !x, %s: !s) -> (!x, !s) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : !x, tensor<5x4xf32>) outs(%y, %s : !x, !s) {tile} -> !x, !s
  return %0#0, %0#1 : !x, !s
}

// A window of one position: there is nothing to carry on, and no slice of nothing that a loop could hand on.
func.func @no_window(%x: !x, %w: tensor<5x1xf32>, %y: !x, %s: tensor<?x0x5xf32>) -> (!x, tensor<?x0x5xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : !x, tensor<5x1xf32>) outs(%y, %s : !x, tensor<?x0x5xf32>) -> !x, tensor<?x0x5xf32>
  return %0#0, %0#1 : !x, tensor<?x0x5xf32>
}

// Known sizes: a window longer than the sequence, a state of more precision.
func.func @wide_state(%x: tensor<3x2x3xf16>, %w: tensor<3x5xf16>, %bias: tensor<3xf16>, %y: tensor<3x2x3xf16>, %s: tensor<3x4x3xf32>)
    -> (tensor<3x2x3xf16>, tensor<3x4x3xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<3x2x3xf16>, tensor<3x5xf16>) bias(%bias : tensor<3xf16>)
      outs(%y, %s : tensor<3x2x3xf16>, tensor<3x4x3xf32>) {tile} -> tensor<3x2x3xf16>, tensor<3x4x3xf32>
  return %0#0, %0#1 : tensor<3x2x3xf16>, tensor<3x4x3xf32>
}
func.func @long(%x: tensor<2x11x7xf32>, %w: tensor<7x4xf32>, %y: tensor<2x11x7xf32>, %s: tensor<2x3x7xf32>) -> (tensor<2x11x7xf32>, tensor<2x3x7xf32>) {
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<2x11x7xf32>, tensor<7x4xf32>) outs(%y, %s : tensor<2x11x7xf32>, tensor<2x3x7xf32>)
      {tile, activation = #hybrid.activation<silu>} -> tensor<2x11x7xf32>, tensor<2x3x7xf32>
  return %0#0, %0#1 : tensor<2x11x7xf32>, tensor<2x3x7xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.causal_conv1d"]} attributes {tile} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:3 = transform.structured.tile_using_for %op tile_sizes [1, 2, 3] interchange = [2, 1, 0]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.causal_conv1d"]} attributes {tile} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
