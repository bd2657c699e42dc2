// What is fused computes the same over residues (docs/exact.md): each op into the loops of what uses it, and what it
// uses into its own, in tiles that leave a rest.
// RUN: jarana-opt %s --verify-passes --transform-interpreter --canonicalize --cse 2>&1 | FileCheck %s --implicit-check-not="not checked"

// CHECK: @scan_into_norm
// CHECK: scf.for
// CHECK: hybrid.ssd_scan
// CHECK: hybrid.rms_norm
// CHECK: scf.yield
func.func @scan_into_norm(%x: tensor<?x?x2x5x3xf32>, %dt: tensor<?x?x2x5xf32>, %a: tensor<2x5xf32>, %b: tensor<?x?x2x2xf32>, %y: tensor<?x?x2x5x3xf32>,
                          %s: tensor<?x2x5x3x2xf32>) -> (tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>) {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<?x?x2x5x3xf32>, tensor<2x5xf32>, tensor<?x?x2x2xf32>, tensor<?x?x2x2xf32>)
      dt(%dt : tensor<?x?x2x5xf32>) outs(%y, %s : tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>) -> tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>
  %1 = hybrid.rms_norm ins(%0#0 : tensor<?x?x2x5x3xf32>) gate(%x : tensor<?x?x2x5x3xf32>) outs(%y : tensor<?x?x2x5x3xf32>)
      {heads, epsilon = 1.0e-5 : f32} -> tensor<?x?x2x5x3xf32>
  return %1, %0#1 : tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>
}

// The state too, and what the scan reads.
// CHECK: @around_a_scan
// CHECK: scf.for
// CHECK: hybrid.rms_norm
// CHECK: hybrid.ssd_scan
// CHECK: linalg.add
// CHECK: scf.yield
func.func @around_a_scan(%v: tensor<3x7x2x5x3xf32>, %a: tensor<2x5xf32>, %b: tensor<3x7x2x2xf32>, %y: tensor<3x7x2x5x3xf32>, %s: tensor<3x2x5x3x2xf32>)
    -> tensor<3x7x2x5x3xf32> {
  %x = hybrid.rms_norm ins(%v : tensor<3x7x2x5x3xf32>) outs(%v : tensor<3x7x2x5x3xf32>) {epsilon = 1.0e-5 : f32} -> tensor<3x7x2x5x3xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<3x7x2x5x3xf32>, tensor<2x5xf32>, tensor<3x7x2x2xf32>, tensor<3x7x2x2xf32>)
      outs(%y, %s : tensor<3x7x2x5x3xf32>, tensor<3x2x5x3x2xf32>) {chunk = 3} -> tensor<3x7x2x5x3xf32>, tensor<3x2x5x3x2xf32>
  %1 = linalg.add {heads} ins(%0#0, %x : tensor<3x7x2x5x3xf32>, tensor<3x7x2x5x3xf32>) outs(%y : tensor<3x7x2x5x3xf32>) -> tensor<3x7x2x5x3xf32>
  return %1 : tensor<3x7x2x5x3xf32>
}

// A norm goes along with the sequence of a scan; the scan does not go along with what uses it.
// CHECK: @norm_into_scan
// CHECK: scf.for
// CHECK: hybrid.rms_norm
// CHECK: hybrid.ssd_scan
// CHECK: scf.yield
func.func @norm_into_scan(%v: tensor<?x?x2x5x3xf32>, %a: tensor<2x5xf32>, %b: tensor<?x?x2x2xf32>, %y: tensor<?x?x2x5x3xf32>, %s: tensor<?x2x5x3x2xf32>)
    -> (tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>) {
  %x = hybrid.rms_norm ins(%v : tensor<?x?x2x5x3xf32>) outs(%v : tensor<?x?x2x5x3xf32>) {epsilon = 1.0e-5 : f32} -> tensor<?x?x2x5x3xf32>
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<?x?x2x5x3xf32>, tensor<2x5xf32>, tensor<?x?x2x2xf32>, tensor<?x?x2x2xf32>)
      outs(%y, %s : tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>) {sequence} -> tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>
  return %0#0, %0#1 : tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>
}

// CHECK: @scan_before_add
// CHECK: hybrid.ssd_scan
// CHECK: scf.for
// CHECK-NOT: hybrid.ssd_scan
// CHECK: linalg.add
// CHECK: scf.yield
func.func @scan_before_add(%x: tensor<?x?x2x5x3xf32>, %a: tensor<2x5xf32>, %b: tensor<?x?x2x2xf32>, %y: tensor<?x?x2x5x3xf32>, %s: tensor<?x2x5x3x2xf32>)
    -> tensor<?x?x2x5x3xf32> {
  %0:2 = hybrid.ssd_scan ins(%x, %a, %b, %b : tensor<?x?x2x5x3xf32>, tensor<2x5xf32>, tensor<?x?x2x2xf32>, tensor<?x?x2x2xf32>)
      outs(%y, %s : tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>) -> tensor<?x?x2x5x3xf32>, tensor<?x2x5x3x2xf32>
  %1 = linalg.add {sequence} ins(%0#0, %x : tensor<?x?x2x5x3xf32>, tensor<?x?x2x5x3xf32>) outs(%y : tensor<?x?x2x5x3xf32>) -> tensor<?x?x2x5x3xf32>
  return %1 : tensor<?x?x2x5x3xf32>
}

// Channels of a convolution and of its window.
// CHECK: @conv_into_add
// CHECK: scf.for
// CHECK: linalg.mul
// CHECK: hybrid.causal_conv1d
// CHECK: linalg.add
// CHECK: scf.yield
func.func @conv_into_add(%v: tensor<?x?x5xf32>, %w: tensor<5x4xf32>, %y: tensor<?x?x5xf32>, %s: tensor<?x3x5xf32>) -> tensor<?x?x5xf32> {
  %x = linalg.mul ins(%v, %v : tensor<?x?x5xf32>, tensor<?x?x5xf32>) outs(%v : tensor<?x?x5xf32>) -> tensor<?x?x5xf32>
  %0:2 = hybrid.causal_conv1d ins(%x, %w : tensor<?x?x5xf32>, tensor<5x4xf32>) outs(%y, %s : tensor<?x?x5xf32>, tensor<?x3x5xf32>)
      {activation = #hybrid.activation<silu>} -> tensor<?x?x5xf32>, tensor<?x3x5xf32>
  %1 = linalg.add {channels} ins(%0#0, %x : tensor<?x?x5xf32>, tensor<?x?x5xf32>) outs(%y : tensor<?x?x5xf32>) -> tensor<?x?x5xf32>
  return %1 : tensor<?x?x5xf32>
}

// Queries of attention, from where they start; queries are made in the loop.
// CHECK: @around_attention
// CHECK: scf.for
// CHECK: linalg.mul
// CHECK: hybrid.attention
// CHECK: linalg.add
// CHECK: scf.yield
func.func @around_attention(%v: tensor<?x2x3x?x4xf32> {hybrid.dims = ["batch", "2", "3", "queries", "4"]}, %k: tensor<?x2x?x4xf32> {hybrid.dims = ["batch", "2", "past + queries", "4"]},
                            %offset: tensor<?xi64> {hybrid.dims = ["batch"]}, %y: tensor<?x2x3x?x4xf32> {hybrid.dims = ["batch", "2", "3", "queries", "4"]}) -> tensor<?x2x3x?x4xf32> {
  %q = linalg.mul ins(%v, %v : tensor<?x2x3x?x4xf32>, tensor<?x2x3x?x4xf32>) outs(%v : tensor<?x2x3x?x4xf32>) -> tensor<?x2x3x?x4xf32>
  %0 = hybrid.attention ins(%q, %k, %k : tensor<?x2x3x?x4xf32>, tensor<?x2x?x4xf32>, tensor<?x2x?x4xf32>) query_offset(%offset : tensor<?xi64>)
      outs(%y : tensor<?x2x3x?x4xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<?x2x3x?x4xf32>
  %1 = linalg.add {queries} ins(%0, %v : tensor<?x2x3x?x4xf32>, tensor<?x2x3x?x4xf32>) outs(%y : tensor<?x2x3x?x4xf32>) -> tensor<?x2x3x?x4xf32>
  return %1 : tensor<?x2x3x?x4xf32>
}

// Heads of a rotation; the tables of a tile.
// CHECK: @rotary_into_norm
// CHECK: scf.for
// CHECK: hybrid.rotary_embedding
// CHECK: hybrid.rms_norm
// CHECK: scf.yield
func.func @rotary_into_norm(%x: tensor<?x?x3x6xf32>, %cos: tensor<1x?x2xf32>, %sin: tensor<1x?x2xf32>, %y: tensor<?x?x3x6xf32>) -> tensor<?x?x3x6xf32> {
  %0 = hybrid.rotary_embedding ins(%x, %cos, %sin : tensor<?x?x3x6xf32>, tensor<1x?x2xf32>, tensor<1x?x2xf32>) outs(%y : tensor<?x?x3x6xf32>)
      {rotary_dim = 4} -> tensor<?x?x3x6xf32>
  %1 = hybrid.rms_norm ins(%0 : tensor<?x?x3x6xf32>) outs(%y : tensor<?x?x3x6xf32>) {sequence, epsilon = 1.0e-5 : f32} -> tensor<?x?x3x6xf32>
  return %1 : tensor<?x?x3x6xf32>
}

// Columns of products. A tile of panels is no tile of columns: a packed product stays before the loop.
// CHECK: @products
// CHECK: hybrid.packed_matmul
// CHECK: scf.for
// CHECK-DAG: hybrid.quantized_matmul
// CHECK-DAG: hybrid.indexed_matmul
// CHECK: linalg.add
// CHECK: scf.yield
func.func @products(%x: tensor<7x5xf32>, %panels: tensor<3x5x4xf32>, %scales: tensor<11x2xf32>, %w: tensor<8x5x11xf32>, %chosen: tensor<7xi64>, %y: tensor<7x11xf32>) -> tensor<7x11xf32> {
  %codes = arith.constant dense<"0xA9F4CCFE1A0F8DBFD3A61E4E92C75B0D1F2E3D4C5B6A79888796A5B4C3D2E1F00F1E2D3C4B5A69788796A5B4"> : tensor<11x2x2xi8>
  %0 = hybrid.packed_matmul ins(%x, %panels : tensor<7x5xf32>, tensor<3x5x4xf32>) outs(%y : tensor<7x11xf32>) -> tensor<7x11xf32>
  %1 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<7x5xf32>, tensor<11x2x2xi8>, tensor<11x2xf32>) outs(%y : tensor<7x11xf32>)
      {bits = 4, block = 4} -> tensor<7x11xf32>
  %2 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<7x5xf32>, tensor<8x5x11xf32>, tensor<7xi64>) outs(%y : tensor<7x11xf32>) -> tensor<7x11xf32>
  %3 = linalg.mul ins(%1, %2 : tensor<7x11xf32>, tensor<7x11xf32>) outs(%y : tensor<7x11xf32>) -> tensor<7x11xf32>
  %4 = linalg.add {columns} ins(%0, %3 : tensor<7x11xf32>, tensor<7x11xf32>) outs(%y : tensor<7x11xf32>) -> tensor<7x11xf32>
  return %4 : tensor<7x11xf32>
}

// Heads of a cache, and what one step adds to a state.
// CHECK: @cache_into_add
// CHECK: scf.for
// CHECK: hybrid.kv_cache_update
// CHECK: linalg.add
// CHECK: scf.yield
func.func @cache_into_add(%new: tensor<?x5x?x2xf32> {hybrid.dims = ["batch", "5", "new", "2"]}, %p: tensor<?xi64> {hybrid.dims = ["batch"]}, %cache: tensor<?x5x24x2xf32>) -> tensor<?x5x24x2xf32> {
  %0 = hybrid.kv_cache_update ins(%new, %p : tensor<?x5x?x2xf32>, tensor<?xi64>) outs(%cache : tensor<?x5x24x2xf32>) -> tensor<?x5x24x2xf32>
  %1 = linalg.add {cached_heads} ins(%0, %cache : tensor<?x5x24x2xf32>, tensor<?x5x24x2xf32>) outs(%cache : tensor<?x5x24x2xf32>) -> tensor<?x5x24x2xf32>
  return %1 : tensor<?x5x24x2xf32>
}
// CHECK: @step_into_add
// CHECK: scf.for
// CHECK: hybrid.state_update
// CHECK: linalg.add
// CHECK: scf.yield
func.func @step_into_add(%x: tensor<?x5x3x2xf32>, %a: tensor<5x3xf32>, %b: tensor<?x5x2xf32>, %y: tensor<?x5x3x2xf32>, %s: tensor<?x5x3x2x2xf32>) -> tensor<?x5x3x2xf32> {
  %0:2 = hybrid.state_update ins(%x, %a, %b, %b : tensor<?x5x3x2xf32>, tensor<5x3xf32>, tensor<?x5x2xf32>, tensor<?x5x2xf32>)
      outs(%y, %s : tensor<?x5x3x2xf32>, tensor<?x5x3x2x2xf32>) -> tensor<?x5x3x2xf32>, tensor<?x5x3x2x2xf32>
  %1 = linalg.add {cached_heads} ins(%0#0, %x : tensor<?x5x3x2xf32>, tensor<?x5x3x2xf32>) outs(%y : tensor<?x5x3x2xf32>) -> tensor<?x5x3x2xf32>
  return %1 : tensor<?x5x3x2xf32>
}

// Running attention over some queries, of the three that it gives.
// CHECK: @online_into_add
// CHECK: scf.for
// CHECK: hybrid.online_attention
// CHECK: linalg.add
// CHECK: scf.yield
func.func @online_into_add(%q: tensor<3x2x1x7x4xf32>, %k: tensor<3x2x9x4xf32>, %acc: tensor<3x2x1x7x4xf32>, %max: tensor<3x2x1x7xf32>, %sum: tensor<3x2x1x7xf32>) -> tensor<3x2x1x7x4xf32> {
  %0:3 = hybrid.online_attention ins(%q, %k, %k : tensor<3x2x1x7x4xf32>, tensor<3x2x9x4xf32>, tensor<3x2x9x4xf32>)
      outs(%acc, %max, %sum : tensor<3x2x1x7x4xf32>, tensor<3x2x1x7xf32>, tensor<3x2x1x7xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>}
      -> tensor<3x2x1x7x4xf32>, tensor<3x2x1x7xf32>, tensor<3x2x1x7xf32>
  %1 = linalg.add {queries} ins(%0#0, %q : tensor<3x2x1x7x4xf32>, tensor<3x2x1x7x4xf32>) outs(%acc : tensor<3x2x1x7x4xf32>) -> tensor<3x2x1x7x4xf32>
  return %1 : tensor<3x2x1x7x4xf32>
}
// CHECK: {{[1-9][0-9]*}} evaluations agree

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %heads = transform.structured.match attributes {heads} in %root : (!transform.any_op) -> !transform.any_op
    %0, %l0:2 = transform.structured.fuse %heads tile_sizes [1, 0, 0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %sequence = transform.structured.match attributes {sequence} in %root : (!transform.any_op) -> !transform.any_op
    %1, %l1 = transform.structured.fuse %sequence tile_sizes [0, 5] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %channels = transform.structured.match attributes {channels} in %root : (!transform.any_op) -> !transform.any_op
    %2, %l2 = transform.structured.fuse %channels tile_sizes [0, 0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    %queries = transform.structured.match attributes {queries} in %root : (!transform.any_op) -> !transform.any_op
    %3, %l3:3 = transform.structured.fuse %queries tile_sizes [1, 0, 2, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    %columns = transform.structured.match attributes {columns} in %root : (!transform.any_op) -> !transform.any_op
    %4, %l4:2 = transform.structured.fuse %columns tile_sizes [3, 4] : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %cached = transform.structured.match attributes {cached_heads} in %root : (!transform.any_op) -> !transform.any_op
    %5, %l5 = transform.structured.fuse %cached tile_sizes [0, 2] : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
