// RUN: jarana-opt %s --derive-state --canonicalize --cse --split-input-file | FileCheck %s
// What is derived gives the same logits and states, exactly: step by step, and all positions at once.
// RUN: jarana-opt %s --verify-passes --derive-state --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// A causal convolution: its window becomes a state. Only the last position's product is computed.
// CHECK-LABEL: func.func @main
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: (%{{.*}}: tensor<?x?xi64> {hybrid.dims = ["b", "s"], hybrid.dtype = "int64", hybrid.name = "input_ids"}, %[[S:arg[0-9]+]]: tensor<?x3x4xf32> {hybrid.dims = ["b", "3", "4"], hybrid.dtype = "float32", hybrid.name = "state.0.conv"})
// CHECK-SAME: -> (tensor<?x1x4xf32> {hybrid.dims = ["b", "1", "4"], hybrid.name = "logits"}, tensor<?x3x4xf32> {hybrid.dims = ["b", "3", "4"], hybrid.dtype = "float32", hybrid.name = "next.0.conv"})
// CHECK-SAME: hybrid.state = {ids = "input_ids", logits = "logits", tensors = [{input = "state.0.conv", kind = "conv", node = "conv", output = "next.0.conv"}]}
// CHECK-NOT: state.1
// CHECK: %[[Y:.*]]:2 = hybrid.causal_conv1d ins(%{{.*}} : tensor<?x?x4xf32>, tensor<4x4xf32>) outs(%{{.*}}, %[[S]] : tensor<?x?x4xf32>, tensor<?x3x4xf32>)
// CHECK: %[[LAST:.*]] = tensor.extract_slice %[[Y]]#0[0, %{{.*}}, 0] [%{{.*}}, 1, 4] [1, 1, 1] : tensor<?x?x4xf32> to tensor<?x1x4xf32>
// CHECK: %[[ROWS:.*]] = tensor.collapse_shape %[[LAST]] {{\[\[}}0, 1], [2]]
// CHECK: linalg.matmul ins(%[[ROWS]], %{{.*}} : tensor<?x4xf32>, tensor<4x4xf32>)
// CHECK: return %{{.*}}, %[[Y]]#1 : tensor<?x1x4xf32>, tensor<?x3x4xf32>
// CHECK-LABEL: func.func @decode
// CHECK-SAME: (%{{.*}}: tensor<?x1xi64> {{.*}}, %{{.*}}: tensor<?x3x4xf32>
// CHECK: hybrid.causal_conv1d {{.*}} outs(%{{.*}}, %{{.*}} : tensor<?x1x4xf32>, tensor<?x3x4xf32>)
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %state = tensor.empty(%b) : tensor<?x3x4xf32>
  %start = linalg.fill ins(%zero : f32) outs(%state : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %t, %window = hybrid.causal_conv1d ins(%x, %w : tensor<?x?x4xf32>, tensor<4x4xf32>)
      outs(%e, %start : tensor<?x?x4xf32>, tensor<?x3x4xf32>) -> tensor<?x?x4xf32>, tensor<?x3x4xf32> loc("conv")
  %n = arith.muli %b, %s : index
  %rows = tensor.collapse_shape %t [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  %er = tensor.empty(%n) : tensor<?x4xf32>
  %fr = linalg.fill ins(%zero : f32) outs(%er : tensor<?x4xf32>) -> tensor<?x4xf32>
  %p = linalg.matmul ins(%rows, %w : tensor<?x4xf32>, tensor<4x4xf32>) outs(%fr : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = tensor.expand_shape %p [[0, 1], [2]] output_shape [%b, %s, 4] : tensor<?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Attention: keys and values are kept; the frontier and the positions move by their number, and the mask is that of
// all positions. Keys and values that are one value are one state.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: %[[MASK:arg[0-9]+]]: tensor<?x?xi64> {hybrid.dims = ["b", "past + s"], hybrid.dtype = "int64", hybrid.name = "attention_mask"}, %[[KEY:arg[0-9]+]]: tensor<?x1x?x4xf32> {hybrid.dims = ["b", "1", "past", "4"], hybrid.dtype = "float32", hybrid.name = "state.0.key"})
// CHECK-SAME: hybrid.dims = ["b", "1", "past + s", "4"], hybrid.dtype = "float32", hybrid.name = "next.0.key"
// CHECK-SAME: mask = "attention_mask"
// CHECK-DAG: %[[L:.*]] = tensor.dim %arg0, %c1
// CHECK-DAG: %[[PAST:.*]] = tensor.dim %[[KEY]], %c2
// CHECK: %[[ALL:.*]] = arith.addi %[[PAST]], %[[L]] : index
// CHECK: hybrid.check %{{.*}}, "input 'attention_mask' dimension 1 does not fit the number of positions"
// CHECK: %[[BIAS:.*]] = linalg.generic {{.*}} ins(%[[MASK]] : tensor<?x?xi64>) outs(%{{.*}} : tensor<?x1x1x1x?xf32>)
// CHECK: %[[OLD:.*]] = tensor.insert_slice %[[KEY]] into %{{.*}}[0, 0, 0, 0] [%{{.*}}, 1, %[[PAST]], 4]
// CHECK: %[[K:.*]] = tensor.insert_slice %{{.*}} into %[[OLD]][0, 0, %[[PAST]], 0] [%{{.*}}, 1, %[[L]], 4]
// CHECK: %[[LASTAT:.*]] = arith.subi %[[ALL]], %c1
// CHECK: %[[O64:.*]] = arith.index_cast %[[LASTAT]]
// CHECK: %[[O:.*]] = tensor.from_elements %[[O64]] : tensor<i64>
// CHECK: hybrid.attention ins(%{{.*}}, %[[K]], %[[K]] : tensor<?x1x1x1x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>) bias(%[[BIAS]] : tensor<?x1x1x1x?xf32>) query_offset(%[[O]] : tensor<i64>) outs(%{{.*}} : tensor<?x1x1x1x4xf32>)
// CHECK: return %{{.*}}, %[[K]] : tensor<?x1x4xf32>, tensor<?x1x?x4xf32>
// CHECK-LABEL: func.func @decode
// CHECK-SAME: hybrid.dims = ["b", "past + 1"]
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]}, %mask: tensor<?x?xi64> {hybrid.name = "attention_mask", hybrid.dims = ["b", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %e5 = tensor.empty(%b, %s) : tensor<?x1x1x?x4xf32>
  %q = tensor.expand_shape %x [[0, 1, 2], [3], [4]] output_shape [%b, 1, 1, %s, 4] : tensor<?x?x4xf32> into tensor<?x1x1x?x4xf32>
  %k = tensor.expand_shape %x [[0, 1], [2], [3]] output_shape [%b, 1, %s, 4] : tensor<?x?x4xf32> into tensor<?x1x?x4xf32>
  %eb = tensor.empty(%b, %s) : tensor<?x1x1x1x?xf32>
  %bias = linalg.generic {indexing_maps = [affine_map<(b, h, r, m, k) -> (b, k)>, affine_map<(b, h, r, m, k) -> (b, h, r, m, k)>],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%mask : tensor<?x?xi64>) outs(%eb : tensor<?x1x1x1x?xf32>) {
  ^bb0(%in: i64, %out: f32):
    %v = arith.sitofp %in : i64 to f32
    linalg.yield %v : f32
  } -> tensor<?x1x1x1x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<?x1x1x1x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A mask that is added hides later positions: keys k with i - 4 <= k <= i.
// CHECK-LABEL: func.func @decode
// CHECK: %[[PAST:.*]] = tensor.dim %{{.*}}, %c2
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<1x1x1x1x?xf32>)
// CHECK: %[[J:.*]] = linalg.index 4 : index
// CHECK: %[[LOW:.*]] = arith.subi %[[PAST]], %c4
// CHECK: arith.cmpi sle, %[[LOW]], %[[J]]
// CHECK: arith.cmpi sle, %[[J]], %[[PAST]]
// CHECK: linalg.yield
// CHECK: hybrid.attention
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %e5 = tensor.empty(%b, %s) : tensor<?x1x1x?x4xf32>
  %q = tensor.expand_shape %x [[0, 1, 2], [3], [4]] output_shape [%b, 1, 1, %s, 4] : tensor<?x?x4xf32> into tensor<?x1x1x?x4xf32>
  %k = tensor.expand_shape %x [[0, 1], [2], [3]] output_shape [%b, 1, %s, 4] : tensor<?x?x4xf32> into tensor<?x1x?x4xf32>
  %minus = arith.constant 0xFF800000 : f32
  %eb = tensor.empty(%s, %s) : tensor<1x1x1x?x?xf32>
  %bias = linalg.generic {indexing_maps = [affine_map<(b, h, r, m, k) -> (b, h, r, m, k)>],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%eb : tensor<1x1x1x?x?xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 3 : index
    %j = linalg.index 4 : index
    %far = arith.constant 4 : index
    %low = arith.subi %i, %far : index
    %near = arith.cmpi sle, %low, %j : index
    %past = arith.cmpi sle, %j, %i : index
    %sees = arith.andi %past, %near : i1
    %v = arith.select %sees, %zero, %minus : f32
    linalg.yield %v : f32
  } -> tensor<1x1x1x?x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<1x1x1x?x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Limits that are checked: the length so far, and the batch.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: hybrid.name = "positions"
// CHECK: %[[ALL:.*]] = arith.addi
// CHECK: %[[FITS:.*]] = arith.cmpi sle, %[[ALL]], %c16
// CHECK: hybrid.check %[[FITS]], "at most 16"
// CHECK: %[[ONE:.*]] = arith.cmpi eq, %{{.*}}, %c1
// CHECK: hybrid.check %[[ONE]], "one sequence"
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %c16 = arith.constant 16 : index
  %short = arith.cmpi sle, %s, %c16 : index
  hybrid.check %short, "at most 16"
  %one = arith.cmpi eq, %b, %c1 : index
  hybrid.check %one, "one sequence"
  %y = linalg.copy ins(%x : tensor<?x?x4xf32>) outs(%e : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A scan becomes one update of its state.
// CHECK-LABEL: func.func @prefill
// CHECK: hybrid.ssd_scan
// CHECK-LABEL: func.func @decode
// CHECK-SAME: hybrid.name = "state.0.ssm"
// CHECK-NOT: hybrid.ssd_scan
// CHECK: hybrid.state_update
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %c = tensor.expand_shape %x [[0], [1, 2], [3]] output_shape [%b, %s, 1, 4] : tensor<?x?x4xf32> into tensor<?x?x1x4xf32>
  %v = tensor.expand_shape %x [[0], [1, 2, 3], [4]] output_shape [%b, %s, 1, 1, 4] : tensor<?x?x4xf32> into tensor<?x?x1x1x4xf32>
  %decay = arith.constant dense<-0.5> : tensor<1x1xf32>
  %ev = tensor.empty(%b, %s) : tensor<?x?x1x1x4xf32>
  %es = tensor.empty(%b) : tensor<?x1x1x4x4xf32>
  %start = linalg.fill ins(%zero : f32) outs(%es : tensor<?x1x1x4x4xf32>) -> tensor<?x1x1x4x4xf32>
  %o, %final = hybrid.ssd_scan ins(%v, %decay, %c, %c : tensor<?x?x1x1x4xf32>, tensor<1x1xf32>, tensor<?x?x1x4xf32>, tensor<?x?x1x4xf32>)
      outs(%ev, %start : tensor<?x?x1x1x4xf32>, tensor<?x1x1x4x4xf32>) -> tensor<?x?x1x1x4xf32>, tensor<?x1x1x4x4xf32>
  %y = tensor.collapse_shape %o [[0], [1, 2, 3], [4]] : tensor<?x?x1x1x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

hybrid.weight @rows : tensor<64x4xf32> = dense<0.5> : tensor<64x4xf32>
// A graph that gives the last position only, a table of positions, and a gather that goes with the position.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: %[[POS:arg[0-9]+]]: tensor<?xi64> {hybrid.dims = ["s"], hybrid.dtype = "int64", hybrid.name = "positions"}
// CHECK-SAME: positions = "positions"
// CHECK: %[[AT:.*]] = tensor.extract %[[POS]][%c0]
// CHECK: %[[PAST:.*]] = arith.index_cast %[[AT]] : i64 to index
// CHECK: %[[ALL:.*]] = arith.addi %[[PAST]], %{{.*}} : index
// CHECK: %[[LAST:.*]] = arith.subi %[[ALL]], %c1{{.*}} : index
// CHECK: %[[FITS:.*]] = arith.cmpi sle, %{{.*}}, %c64
// CHECK: hybrid.check %[[FITS]], "there are more positions than the 64 of the table that node 'table' reads"
// CHECK: tensor.extract_slice %{{.*}}[%[[LAST]], 0] [1, 4] [1, 1] : tensor<64x4xf32> to tensor<1x4xf32>
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]})
    -> (tensor<?x1x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "1", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %rows = hybrid.load_weight @rows : tensor<64x4xf32>
  %table = tensor.extract_slice %rows[0, 0] [%s, 4] [1, 1] : tensor<64x4xf32> to tensor<?x4xf32> loc("table")
  %z = linalg.generic {indexing_maps = [affine_map<(b, s, c) -> (s, c)>, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%table : tensor<?x4xf32>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = linalg.index 2 : index
    %below = arith.cmpi slt, %j, %c0 : index
    %wrapped = arith.addi %j, %s : index
    %at = arith.select %below, %wrapped, %j : index
    %v = tensor.extract %x[%i, %at, %k] : tensor<?x?x4xf32>
    %a = arith.addf %v, %in : f32
    linalg.yield %a : f32
  } -> tensor<?x?x4xf32>
  %n = arith.subi %s, %c1 : index
  %y = tensor.extract_slice %z[0, %n, 0] [%b, 1, 4] [1, 1, 1] : tensor<?x?x4xf32> to tensor<?x1x4xf32>
  return %y : tensor<?x1x4xf32>
}

// -----

// A running sum of the mask goes over all positions; the new ones are cut out.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: %[[MASK:arg[0-9]+]]: tensor<?x?xi64> {hybrid.dims = ["b", "past + s"]
// CHECK: %[[WIDTH:.*]] = tensor.dim %[[MASK]], %c1
// CHECK: %[[PAST:.*]] = arith.subi %[[WIDTH]], %{{.*}} : index
// CHECK: %[[SUM:.*]]:2 = scf.for %{{.*}} = %c0{{.*}} to %{{.*}} step
// CHECK: tensor.extract_slice %[[MASK]]
// CHECK: %[[LAST:.*]] = arith.subi %[[WIDTH]], %c1
// CHECK: tensor.extract_slice %[[SUM]]#0[0, %[[LAST]]] [%{{.*}}, 1] [1, 1]
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]}, %mask: tensor<?x?xi64> {hybrid.name = "attention_mask", hybrid.dims = ["b", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %em = tensor.empty(%b, %s) : tensor<?x?xi64>
  %e1 = tensor.empty(%b) : tensor<?x1xi64>
  %none = arith.constant 0 : i64
  %z1 = linalg.fill ins(%none : i64) outs(%e1 : tensor<?x1xi64>) -> tensor<?x1xi64>
  %sums:2 = scf.for %i = %c0 to %s step %c1 iter_args(%acc = %em, %sum = %z1) -> (tensor<?x?xi64>, tensor<?x1xi64>) {
    %one = tensor.extract_slice %mask[0, %i] [%b, 1] [1, 1] : tensor<?x?xi64> to tensor<?x1xi64>
    %next = linalg.add ins(%one, %sum : tensor<?x1xi64>, tensor<?x1xi64>) outs(%e1 : tensor<?x1xi64>) -> tensor<?x1xi64>
    %all = tensor.insert_slice %next into %acc[0, %i] [%b, 1] [1, 1] : tensor<?x1xi64> into tensor<?x?xi64>
    scf.yield %all, %next : tensor<?x?xi64>, tensor<?x1xi64>
  }
  %y = linalg.generic {indexing_maps = [#bsc, #bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %sums#0 : tensor<?x?x4xf32>, tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%in: f32, %n: i64, %out: f32):
    %g = arith.sitofp %n : i64 to f32
    %a = arith.addf %in, %g : f32
    linalg.yield %a : f32
  } -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A symbol whose name is a part of another's is not that one.
// CHECK-LABEL: func.func @prefill
// CHECK-SAME: (%{{.*}}: tensor<?x?xi64> {hybrid.dims = ["batch_size", "s"]
// CHECK-LABEL: func.func @decode
// CHECK-SAME: (%{{.*}}: tensor<?x1xi64> {hybrid.dims = ["batch_size", "1"]
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["batch_size", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["batch_size", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %state = tensor.empty(%b) : tensor<?x3x4xf32>
  %start = linalg.fill ins(%zero : f32) outs(%state : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %t, %window = hybrid.causal_conv1d ins(%x, %w : tensor<?x?x4xf32>, tensor<4x4xf32>)
      outs(%e, %start : tensor<?x?x4xf32>, tensor<?x3x4xf32>) -> tensor<?x?x4xf32>, tensor<?x3x4xf32> loc("conv")
  %n = arith.muli %b, %s : index
  %rows = tensor.collapse_shape %t [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  %er = tensor.empty(%n) : tensor<?x4xf32>
  %fr = linalg.fill ins(%zero : f32) outs(%er : tensor<?x4xf32>) -> tensor<?x4xf32>
  %p = linalg.matmul ins(%rows, %w : tensor<?x4xf32>, tensor<4x4xf32>) outs(%fr : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = tensor.expand_shape %p [[0, 1], [2]] output_shape [%b, %s, 4] : tensor<?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
