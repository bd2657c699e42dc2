// A scan is the same over residues after each of its transforms (docs/exact.md): at lengths 1, 3, 16 and 17, of
// which chunks of 4 and tiles of 2 and 5 leave a rest, with two groups and from states that are not zero.
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all 2>&1 | %{equal} --implicit-check-not="= hybrid." --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=sequence 2>&1 | %{equal} --check-prefix=SEQUENCE
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop 2>&1 | %{equal} --check-prefix=LOOPS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=threads 2>&1 | %{equal} --check-prefix=THREADS
// RUN: jarana-opt %s --verify-passes --transform-interpreter=entry-point=every_loop --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --check-prefix=BOTH

// DECOMPOSED-COUNT-7: func.func
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// SEQUENCE-COUNT-7: scf.for
// SEQUENCE: {{[1-9][0-9]*}} evaluations agree
// LOOPS-COUNT-31: scf.for
// LOOPS: {{[1-9][0-9]*}} evaluations agree
// THREADS-COUNT-6: scf.forall
// THREADS: {{[1-9][0-9]*}} evaluations agree
// BOTH: {{[1-9][0-9]*}} evaluations agree

// The two views of a scan, and one step after another.
// RUN: jarana-opt %s --cpu-decompose=all --evaluate="function=recurrent equals=chunked sizes=batch=2,length=0" --evaluate="function=recurrent equals=chunked sizes=batch=3,length=1" \
// RUN:   --evaluate="function=recurrent equals=chunked sizes=batch=1,length=3" --evaluate="function=recurrent equals=chunked sizes=batch=1,length=4" \
// RUN:   --evaluate="function=recurrent equals=chunked sizes=batch=1,length=5" --evaluate="function=recurrent equals=chunked sizes=batch=2,length=11" -o /dev/null
// RUN: jarana-opt %s --evaluate="function=recurrent equals=steps sizes=batch=2,length=0" --evaluate="function=recurrent equals=steps sizes=batch=1,length=1" --evaluate="function=recurrent equals=steps sizes=batch=2,length=5" -o /dev/null

!x = tensor<?x?x2x3x5xf32>
!dt = tensor<?x?x2x3xf32>
!b = tensor<?x?x2x2xf32>
!s = tensor<?x2x3x5x2xf32>
#x = ["batch", "length", "2", "3", "5"]
#dt = ["batch", "length", "2", "3"]
#b = ["batch", "length", "2", "2"]
#s = ["batch", "2", "3", "5", "2"]

func.func @recurrent(%x: !x {hybrid.dims = #x}, %dt: !dt {hybrid.dims = #dt}, %a: tensor<2x3xf32>, %b: !b {hybrid.dims = #b},
                     %c: !b {hybrid.dims = #b}, %y: !x {hybrid.dims = #x}, %s: !s {hybrid.dims = #s}) -> (!x, !s) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : !x, tensor<2x3xf32>, !b, !b) dt(%dt : !dt) outs(%y, %s : !x, !s) -> !x, !s
  return %0#0, %0#1 : !x, !s
}

func.func @chunked(%x: !x {hybrid.dims = #x}, %dt: !dt {hybrid.dims = #dt}, %a: tensor<2x3xf32>, %b: !b {hybrid.dims = #b},
                   %c: !b {hybrid.dims = #b}, %y: !x {hybrid.dims = #x}, %s: !s {hybrid.dims = #s}) -> (!x, !s) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %c : !x, tensor<2x3xf32>, !b, !b) dt(%dt : !dt) outs(%y, %s : !x, !s) {chunk = 4} -> !x, !s
  return %0#0, %0#1 : !x, !s
}

// One step after another.
func.func @steps(%x: !x {hybrid.dims = #x}, %dt: !dt {hybrid.dims = #dt}, %a: tensor<2x3xf32>, %b: !b {hybrid.dims = #b},
                 %c: !b {hybrid.dims = #b}, %y: !x {hybrid.dims = #x}, %s: !s {hybrid.dims = #s}) -> (!x, !s) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %batch = tensor.dim %x, %c0 : !x
  %length = tensor.dim %x, %c1 : !x
  %0:2 = scf.for %t = %c0 to %length step %c1 iter_args(%yt = %y, %st = %s) -> (!x, !s) {
    %x1 = tensor.extract_slice %x[0, %t, 0, 0, 0] [%batch, 1, 2, 3, 5] [1, 1, 1, 1, 1] : !x to tensor<?x2x3x5xf32>
    %dt1 = tensor.extract_slice %dt[0, %t, 0, 0] [%batch, 1, 2, 3] [1, 1, 1, 1] : !dt to tensor<?x2x3xf32>
    %b1 = tensor.extract_slice %b[0, %t, 0, 0] [%batch, 1, 2, 2] [1, 1, 1, 1] : !b to tensor<?x2x2xf32>
    %cc1 = tensor.extract_slice %c[0, %t, 0, 0] [%batch, 1, 2, 2] [1, 1, 1, 1] : !b to tensor<?x2x2xf32>
    %e = tensor.empty(%batch) : tensor<?x2x3x5xf32>
    %1:2 = hybrid.state_update ins(%x1, %a, %b1, %cc1 : tensor<?x2x3x5xf32>, tensor<2x3xf32>, tensor<?x2x2xf32>, tensor<?x2x2xf32>)
        dt(%dt1 : tensor<?x2x3xf32>) outs(%e, %st : tensor<?x2x3x5xf32>, !s) -> tensor<?x2x3x5xf32>, !s
    %2 = tensor.insert_slice %1#0 into %yt[0, %t, 0, 0, 0] [%batch, 1, 2, 3, 5] [1, 1, 1, 1, 1] : tensor<?x2x3x5xf32> into !x
    scf.yield %2, %1#1 : !x, !s
  }
  return %0#0, %0#1 : !x, !s
}

// Decays for each position, chunks longer than some of the lengths.
func.func @decays(%x: !x, %a: !dt, %b: !b, %y: !x, %s: !s) -> (!x, !s) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : !x, !dt, !b, !b) outs(%y, %s : !x, !s) {chunk = 5} -> !x, !s
  return %0#0, %0#1 : !x, !s
}

// Known lengths: a rest, and none; values of half precision.
func.func @rest(%x: tensor<2x7x1x3x2xbf16>, %dt: tensor<2x7x1x3xf32>, %a: tensor<2x7x1x3xf32>, %b: tensor<2x7x1x4xbf16>,
                %y: tensor<2x7x1x3x2xbf16>, %s: tensor<2x1x3x2x4xf32>) -> (tensor<2x7x1x3x2xbf16>, tensor<2x1x3x2x4xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x7x1x3x2xbf16>, tensor<2x7x1x3xf32>, tensor<2x7x1x4xbf16>, tensor<2x7x1x4xbf16>)
      dt(%dt : tensor<2x7x1x3xf32>) outs(%y, %s : tensor<2x7x1x3x2xbf16>, tensor<2x1x3x2x4xf32>) {chunk = 3}
      -> tensor<2x7x1x3x2xbf16>, tensor<2x1x3x2x4xf32>
  return %0#0, %0#1 : tensor<2x7x1x3x2xbf16>, tensor<2x1x3x2x4xf32>
}
func.func @whole(%x: tensor<1x6x3x1x2xf32>, %a: tensor<3x1xf32>, %b: tensor<1x6x3x1xf32>, %y: tensor<1x6x3x1x2xf32>, %s: tensor<1x3x1x2x1xf32>)
    -> (tensor<1x6x3x1x2xf32>, tensor<1x3x1x2x1xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<1x6x3x1x2xf32>, tensor<3x1xf32>, tensor<1x6x3x1xf32>, tensor<1x6x3x1xf32>)
      outs(%y, %s : tensor<1x6x3x1x2xf32>, tensor<1x3x1x2x1xf32>) {chunk = 3} -> tensor<1x6x3x1x2xf32>, tensor<1x3x1x2x1xf32>
  return %0#0, %0#1 : tensor<1x6x3x1x2xf32>, tensor<1x3x1x2x1xf32>
}

// Decays of -inf forget the state: no difference of two of them is taken.
func.func @forgets(%x: tensor<2x5x1x2x1xf32>, %b: tensor<2x5x1x2xf32>, %y: tensor<2x5x1x2x1xf32>, %s: tensor<2x1x2x1x2xf32>)
    -> (tensor<2x5x1x2x1xf32>, tensor<2x1x2x1x2xf32>) {
  %a = arith.constant dense<[[[[0.0, -0.5]], [[-2.0, -1.0]], [[-1.5, 0xFF800000]], [[0xFF800000, 0.0]], [[-3.0, -0.25]]],
                             [[[0xFF800000, 1.0]], [[-2.0, -1.0]], [[-1.5, 0xFF800000]], [[0.0, 0xFF800000]], [[-3.0, 0xFF800000]]]]> : tensor<2x5x1x2xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<2x5x1x2x1xf32>, tensor<2x5x1x2xf32>, tensor<2x5x1x2xf32>, tensor<2x5x1x2xf32>)
      outs(%y, %s : tensor<2x5x1x2x1xf32>, tensor<2x1x2x1x2xf32>) {chunk = 3} -> tensor<2x5x1x2x1xf32>, tensor<2x1x2x1x2xf32>
  return %0#0, %0#1 : tensor<2x5x1x2x1xf32>, tensor<2x1x2x1x2xf32>
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @sequence(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.ssd_scan"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_for %op tile_sizes [0, 5] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @every_loop(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.ssd_scan"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:5 = transform.structured.tile_using_for %op tile_sizes [1, 2, 1, 2, 3] interchange = [2, 4, 0, 1, 3]
        : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
  transform.named_sequence @threads(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.ssd_scan"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loop = transform.structured.tile_using_forall %op tile_sizes [1, 0, 1, 2, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
