// A group gives what its ops give, and its ops are transformed like those outside (docs/exact.md).
// RUN: jarana-opt %s --evaluate="function=grouped equals=plain sizes=batch=1,length=1" --evaluate="function=grouped equals=plain sizes=batch=2,length=5" -o /dev/null
// DEFINE: %{equal} = FileCheck %s --implicit-check-not="not checked"
// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse 2>&1 | %{equal} --implicit-check-not=hybrid.ssd_scan --check-prefix=DECOMPOSED
// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse 2>&1 | %{equal} --check-prefix=FUSED

// DECOMPOSED: hybrid.group
// DECOMPOSED: scf.for
// DECOMPOSED: hybrid.yield
// DECOMPOSED: {{[1-9][0-9]*}} evaluations agree
// FUSED-LABEL: func.func @grouped
// FUSED: hybrid.group
// FUSED: scf.for
// FUSED: hybrid.ssd_scan
// FUSED: hybrid.rms_norm
// FUSED: scf.yield
// FUSED: hybrid.yield
// FUSED: {{[1-9][0-9]*}} evaluations agree

!x = tensor<?x?x2x5x3xf32>
!b = tensor<?x?x2x2xf32>
!s = tensor<?x2x5x3x2xf32>
#x = ["batch", "length", "2", "5", "3"]

func.func @grouped(%x: !x {hybrid.dims = #x}, %a: tensor<2x5xf32>, %b: !b {hybrid.dims = ["batch", "length", "2", "2"]}, %y: !x {hybrid.dims = #x},
                   %s: !s {hybrid.dims = ["batch", "2", "5", "3", "2"]}) -> (!x, !s) {
  %r:2 = hybrid.group #hybrid.strategy<view = chunked, chunk = 4, tiles = [1, 0, 0, 2]> -> (!x, !s) {
    %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : !x, tensor<2x5xf32>, !b, !b) outs(%y, %s : !x, !s) {chunk = 4} -> !x, !s
    %1 = hybrid.rms_norm ins(%0#0 : !x) gate(%x : !x) outs(%y : !x) {epsilon = 1.0e-5 : f32} -> !x
    hybrid.yield %1, %0#1 : !x, !s
  }
  return %r#0, %r#1 : !x, !s
}

func.func @plain(%x: !x {hybrid.dims = #x}, %a: tensor<2x5xf32>, %b: !b {hybrid.dims = ["batch", "length", "2", "2"]}, %y: !x {hybrid.dims = #x},
                 %s: !s {hybrid.dims = ["batch", "2", "5", "3", "2"]}) -> (!x, !s) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : !x, tensor<2x5xf32>, !b, !b) outs(%y, %s : !x, !s) {chunk = 4} -> !x, !s
  %1 = hybrid.rms_norm ins(%0#0 : !x) gate(%x : !x) outs(%y : !x) {epsilon = 1.0e-5 : f32} -> !x
  return %1, %0#1 : !x, !s
}

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %op = transform.structured.match ops{["hybrid.rms_norm"]} in %root : (!transform.any_op) -> !transform.any_op
    %fused, %loops:2 = transform.structured.fuse %op tile_sizes [1, 0, 0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    transform.yield
  }
}
