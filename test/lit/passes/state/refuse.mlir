// RUN: jarana-opt %s --derive-state --split-input-file | FileCheck %s

// A length that is fixed.
// CHECK: hybrid.state_refusal = "the model has a fixed length: input 'input_ids' takes 21 tokens (--generalize=length may lift that)"
// CHECK-NOT: @prefill
func.func @main(%ids: tensor<?x21xi64> {hybrid.name = "input_ids"}) -> (tensor<?x21xi64> {hybrid.name = "logits"}) {
  return %ids : tensor<?x21xi64>
}

// -----

// An input that a session cannot fill.
// CHECK: hybrid.state_refusal = "the model has the input 'pixels', which is no token ids, mask or positions (--ids, --mask and --positions state which inputs are)"
// CHECK-NOT: @prefill
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]}, %p: tensor<4xf32> {hybrid.name = "pixels"})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %pixel = tensor.extract %p[%c0] : tensor<4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    %g = arith.addf %f, %pixel : f32
    linalg.yield %g : f32
  } -> tensor<?x?x4xf32>
  %y = linalg.copy ins(%x : tensor<?x?x4xf32>) outs(%e : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The mean of a sequence.
// CHECK: hybrid.state_refusal = "node 'mean' (linalg.generic) mixes positions: it reduces over the sequence"
// CHECK-NOT: @prefill
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
  %e1 = tensor.empty(%b) : tensor<?x4xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x4xf32>) -> tensor<?x4xf32>
  %sum = linalg.generic {indexing_maps = [#bsc, affine_map<(b, s, c) -> (b, c)>], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x : tensor<?x?x4xf32>) outs(%f0 : tensor<?x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.addf %in, %out : f32
    linalg.yield %a : f32
  } -> tensor<?x4xf32> loc("mean")
  %y = linalg.generic {indexing_maps = [#bsc, affine_map<(b, s, c) -> (b, c)>, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %sum : tensor<?x?x4xf32>, tensor<?x4xf32>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %a = arith.addf %in, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The position before: a shift.
// CHECK: hybrid.state_refusal = "node 'shift' (tensor.insert_slice) mixes positions: it joins or shifts along the sequence"
// CHECK-NOT: @prefill
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
  %n = arith.subi %s, %c1 : index
  %front = tensor.extract_slice %x[0, 0, 0] [%b, %n, 4] [1, 1, 1] : tensor<?x?x4xf32> to tensor<?x?x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.insert_slice %front into %z[0, 1, 0] [%b, %n, 4] [1, 1, 1] : tensor<?x?x4xf32> into tensor<?x?x4xf32> loc("shift")
  return %y : tensor<?x?x4xf32>
}

// -----

// A window of positions.
// CHECK: hybrid.state_refusal = "node 'window' (linalg.generic) mixes positions: it reads a window along the sequence"
// CHECK-NOT: @prefill
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
  %w = arith.constant dense<1.0> : tensor<3xf32>
  %long = tensor.pad %x low[0, 0, 0] high[0, 2, 0] {
  ^bb0(%i: index, %j: index, %k: index):
    tensor.yield %zero : f32
  } : tensor<?x?x4xf32> to tensor<?x?x4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(b, s, c, k) -> (b, s + k, c)>, affine_map<(b, s, c, k) -> (k)>, affine_map<(b, s, c, k) -> (b, s, c)>],
                       iterator_types = ["parallel", "parallel", "parallel", "reduction"]}
      ins(%long, %w : tensor<?x?x4xf32>, tensor<3xf32>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%in: f32, %g: f32, %out: f32):
    %p = arith.mulf %in, %g : f32
    %a = arith.addf %p, %out : f32
    linalg.yield %a : f32
  } -> tensor<?x?x4xf32> loc("window")
  return %y : tensor<?x?x4xf32>
}

// -----

// The sequence from its end.
// CHECK: hybrid.state_refusal = "node 'reverse' (linalg.generic) mixes positions: it gathers along the sequence"
// CHECK-NOT: @prefill
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
  %y = linalg.generic {indexing_maps = [#bsc], iterator_types = ["parallel", "parallel", "parallel"]} outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = linalg.index 2 : index
    %r = arith.subi %s, %j : index
    %r1 = arith.subi %r, %c1 : index
    %v = tensor.extract %x[%i, %r1, %k] : tensor<?x?x4xf32>
    linalg.yield %v : f32
  } -> tensor<?x?x4xf32> loc("reverse")
  return %y : tensor<?x?x4xf32>
}

// -----

// The length as a number.
// CHECK: hybrid.state_refusal = "node 'scale' (linalg.generic) computes with the length of the whole sequence"
// CHECK-NOT: @prefill
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
  %n = arith.index_cast %s : index to i64
  %y = linalg.generic {indexing_maps = [#bsc, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x?x4xf32>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %g = arith.sitofp %n : i64 to f32
    %d = arith.divf %in, %g : f32
    linalg.yield %d : f32
  } -> tensor<?x?x4xf32> loc("scale")
  return %y : tensor<?x?x4xf32>
}

// -----

// All positions get the last one.
// CHECK: hybrid.state_refusal = "node 'last' (tensor.extract_slice) mixes positions: others depend on the last one"
// CHECK-NOT: @prefill
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
  %n = arith.subi %s, %c1 : index
  %last = tensor.extract_slice %x[0, %n, 0] [%b, 1, 4] [1, 1, 1] : tensor<?x?x4xf32> to tensor<?x1x4xf32> loc("last")
  %z = linalg.generic {indexing_maps = [#bsc, affine_map<(b, s, c) -> (b, 0, c)>, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %last : tensor<?x?x4xf32>, tensor<?x1x4xf32>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %a = arith.addf %in, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?x4xf32>
  %state = tensor.empty(%b) : tensor<?x3x4xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%state : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %y, %window = hybrid.causal_conv1d ins(%z, %w : tensor<?x?x4xf32>, tensor<4x4xf32>)
      outs(%e, %zeros : tensor<?x?x4xf32>, tensor<?x3x4xf32>) -> tensor<?x?x4xf32>, tensor<?x3x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A mixer that starts from something.
// CHECK: hybrid.state_refusal = "node 'conv' (hybrid.causal_conv1d) starts from a state that is not zero"
// CHECK-NOT: @prefill
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
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<0.5> : tensor<4x4xf32>
  %state = tensor.empty(%b) : tensor<?x3x4xf32>
  %start = linalg.fill ins(%one : f32) outs(%state : tensor<?x3x4xf32>) -> tensor<?x3x4xf32>
  %y, %window = hybrid.causal_conv1d ins(%x, %w : tensor<?x?x4xf32>, tensor<4x4xf32>)
      outs(%e, %start : tensor<?x?x4xf32>, tensor<?x3x4xf32>) -> tensor<?x?x4xf32>, tensor<?x3x4xf32> loc("conv")
  return %y : tensor<?x?x4xf32>
}

// -----

// A final state that is read again.
// CHECK: hybrid.state_refusal = "node 'conv' (hybrid.causal_conv1d) has a final state that the graph itself uses"
// CHECK-NOT: @prefill
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
  %row = tensor.extract_slice %window[0, 2, 0] [%b, 1, 4] [1, 1, 1] : tensor<?x3x4xf32> to tensor<?x4xf32>
  %y = linalg.generic {indexing_maps = [#bsc, affine_map<(b, s, c) -> (b, c)>, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%t, %row : tensor<?x?x4xf32>, tensor<?x4xf32>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %a = arith.addf %in, %m : f32
    linalg.yield %a : f32
  } -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A norm across the sequence.
// CHECK: hybrid.state_refusal = "node 'norm' (hybrid.rms_norm) mixes positions: the sequence is a dimension that it works across"
// CHECK-NOT: @prefill
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
  %et = tensor.empty(%b, %s) : tensor<?x4x?xf32>
  %t = linalg.transpose ins(%x : tensor<?x?x4xf32>) outs(%et : tensor<?x4x?xf32>) permutation = [0, 2, 1]
  %n = hybrid.rms_norm ins(%t : tensor<?x4x?xf32>) outs(%et : tensor<?x4x?xf32>) {epsilon = 1.0e-5 : f32} -> tensor<?x4x?xf32> loc("norm")
  %y = linalg.transpose ins(%n : tensor<?x4x?xf32>) outs(%e : tensor<?x?x4xf32>) permutation = [0, 2, 1]
  return %y : tensor<?x?x4xf32>
}

// -----

// Rows in another order than that of the positions.
// CHECK: hybrid.state_refusal = "op 'tensor.expand_shape' reshapes the sequence together with a dimension that is not known"
// CHECK-NOT: @prefill
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
  %n = arith.muli %b, %s : index
  %flat = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x4xf32> into tensor<?x4xf32>
  %swapped = tensor.expand_shape %flat [[0, 1], [2]] output_shape [%s, %b, 4] : tensor<?x4xf32> into tensor<?x?x4xf32>
  %y = linalg.transpose ins(%swapped : tensor<?x?x4xf32>) outs(%e : tensor<?x?x4xf32>) permutation = [1, 0, 2]
  return %y : tensor<?x?x4xf32>
}

// -----

// The same with a batch that is known.
// CHECK: hybrid.state_refusal = "op 'tensor.collapse_shape' reshapes the sequence in an order that is not that of its positions"
// CHECK-NOT: @prefill
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<3x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]})
    -> (tensor<3x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %b = tensor.dim %ids, %c0 : tensor<3x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<3x?xi64>
  %e = tensor.empty(%s) : tensor<3x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids : tensor<3x?xi64>) outs(%e : tensor<3x?x4xf32>) {
  ^bb0(%id: i64, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    linalg.yield %f : f32
  } -> tensor<3x?x4xf32>
  %n = arith.muli %b, %s : index
  %flat = tensor.collapse_shape %x [[0, 1], [2]] : tensor<3x?x4xf32> into tensor<?x4xf32>
  %swapped = tensor.expand_shape %flat [[0, 1], [2]] output_shape [%s, 3, 4] : tensor<?x4xf32> into tensor<?x3x4xf32>
  %y = linalg.transpose ins(%swapped : tensor<?x3x4xf32>) outs(%e : tensor<3x?x4xf32>) permutation = [1, 0, 2]
  return %y : tensor<3x?x4xf32>
}

// -----

// A loop whose iterations are not positions.
// CHECK: hybrid.state_refusal = "node 'loop' (scf.for) acts on the sequence in a way that is not known"
// CHECK-NOT: @prefill
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
  %c2 = arith.constant 2 : index
  %y = scf.for %i = %c0 to %s step %c2 iter_args(%acc = %x) -> (tensor<?x?x4xf32>) {
    %row = tensor.extract_slice %acc[0, %i, 0] [%b, 1, 4] [1, 1, 1] : tensor<?x?x4xf32> to tensor<?x1x4xf32>
    %next = tensor.insert_slice %row into %acc[0, 0, 0] [%b, 1, 4] [1, 1, 1] : tensor<?x1x4xf32> into tensor<?x?x4xf32>
    scf.yield %next : tensor<?x?x4xf32>
  } loc("loop")
  return %y : tensor<?x?x4xf32>
}

// -----

// A limit of the graph.
// CHECK: hybrid.state_refusal = "the model limits the length (--generalize=length may lift that): a multiple of 16"
// CHECK-NOT: @prefill
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
  %r = arith.remui %s, %c16 : index
  %ok = arith.cmpi eq, %r, %c0 : index
  hybrid.check %ok, "a multiple of 16"
  %y = linalg.copy ins(%x : tensor<?x?x4xf32>) outs(%e : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A length that the graph requires.
// CHECK: hybrid.state_refusal = "the model limits the length (--generalize=length may lift that): sixteen"
// CHECK-NOT: @prefill
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
  %ok = arith.cmpi eq, %s, %c16 : index
  hybrid.check %ok, "sixteen"
  %y = linalg.copy ins(%x : tensor<?x?x4xf32>) outs(%e : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A result of all positions in each of them.
// CHECK: hybrid.state_refusal = "node 'conv' (hybrid.causal_conv1d) mixes positions: all of its result is needed at once"
// CHECK-NOT: @prefill
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
  %one = tensor.extract_slice %t[0, 0, 0] [%b, %s, 1] [1, 1, 1] : tensor<?x?x4xf32> to tensor<?x?xf32>
  %e5 = tensor.empty(%b, %s) : tensor<?x1x1x?x4xf32>
  %q = tensor.expand_shape %x [[0, 1, 2], [3], [4]] output_shape [%b, 1, 1, %s, 4] : tensor<?x?x4xf32> into tensor<?x1x1x?x4xf32>
  %k = tensor.expand_shape %x [[0, 1], [2], [3]] output_shape [%b, 1, %s, 4] : tensor<?x?x4xf32> into tensor<?x1x?x4xf32>
  %eb = tensor.empty(%b, %s, %s) : tensor<?x1x1x?x?xf32>
  %bias = linalg.generic {indexing_maps = [affine_map<(b, h, r, m, k) -> (b, k)>, affine_map<(b, h, r, m, k) -> (b, h, r, m, k)>],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%one : tensor<?x?xf32>) outs(%eb : tensor<?x1x1x?x?xf32>) {
  ^bb0(%v: f32, %out: f32):
    linalg.yield %v : f32
  } -> tensor<?x1x1x?x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<?x1x1x?x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// Attention in both directions.
// CHECK: hybrid.state_refusal = "node 'attention' (hybrid.attention) is not known to hide later positions: it has no mask"
// CHECK-NOT: @prefill
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
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A mask that shows the next position.
// CHECK: hybrid.state_refusal = "node 'attention' (hybrid.attention) is not known to hide later positions: what its mask gives for a later position is not known to be -inf"
// CHECK-NOT: @prefill
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
    %next = arith.addi %i, %c1 : index
    %sees = arith.cmpi sle, %j, %next : index
    %v = arith.select %sees, %zero, %minus : f32
    linalg.yield %v : f32
  } -> tensor<1x1x1x?x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<1x1x1x?x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A frontier that is moved to the future.
// CHECK: hybrid.state_refusal = "node 'attention' (hybrid.attention) lets positions see later ones"
// CHECK-NOT: @prefill
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
  %ahead = arith.constant dense<1> : tensor<i64>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      query_offset(%ahead : tensor<i64>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A mask of finite numbers that hides all keys: their weights are equal, those of later ones too.
// CHECK: hybrid.state_refusal = "node 'attention' (hybrid.attention) is not known to hide later positions: its mask has finite numbers, and positions are not known to see themselves"
// CHECK-NOT: @prefill
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
  %minus = arith.constant -1.0e+38 : f32
  %eb = tensor.empty(%s, %s) : tensor<1x1x1x?x?xf32>
  %bias = linalg.generic {indexing_maps = [affine_map<(b, h, r, m, k) -> (b, h, r, m, k)>],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} outs(%eb : tensor<1x1x1x?x?xf32>) {
  ^bb0(%out: f32):
    %i = linalg.index 3 : index
    %j = linalg.index 4 : index
    %sees = arith.cmpi slt, %j, %i : index
    %v = arith.select %sees, %zero, %minus : f32
    linalg.yield %v : f32
  } -> tensor<1x1x1x?x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<1x1x1x?x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The position_ids of all positions at once.
// CHECK: hybrid.state_refusal = "op 'linalg.generic' compares the position_ids of all positions, of which a step sees only its own"
// CHECK-NOT: @prefill
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]}, %pos: tensor<?x?xi64> {hybrid.name = "position_ids", hybrid.dims = ["b", "s"]})
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
  %eb = tensor.empty(%b, %s, %s) : tensor<?x1x1x?x?xf32>
  %bias = linalg.generic {indexing_maps = [affine_map<(b, h, r, m, k) -> (b, m)>, affine_map<(b, h, r, m, k) -> (b, k)>, affine_map<(b, h, r, m, k) -> (b, h, r, m, k)>],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%pos, %pos : tensor<?x?xi64>, tensor<?x?xi64>) outs(%eb : tensor<?x1x1x?x?xf32>) {
  ^bb0(%i: i64, %j: i64, %out: f32):
    %d = arith.subi %i, %j : i64
    %v = arith.sitofp %d : i64 to f32
    linalg.yield %v : f32
  } -> tensor<?x1x1x?x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<?x1x1x?x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A mask with numbers without sign: keys from i to i + 4.
// CHECK: hybrid.state_refusal = "node 'attention' (hybrid.attention) is not known to hide later positions: what its mask gives for a later position is not known to be -inf"
// CHECK-NOT: @prefill
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
    %five = arith.constant 5 : index
    %ahead = arith.subi %j, %i : index
    %sees = arith.cmpi ult, %ahead, %five : index
    %v = arith.select %sees, %zero, %minus : f32
    linalg.yield %v : f32
  } -> tensor<1x1x1x?x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<1x1x1x?x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// The ids of all positions at once.
// CHECK: hybrid.state_refusal = "op 'linalg.generic' needs the token ids of all positions at once"
// CHECK-NOT: @prefill
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
  %eb = tensor.empty(%b, %s, %s) : tensor<?x1x1x?x?xf32>
  %bias = linalg.generic {indexing_maps = [affine_map<(b, h, r, m, k) -> (b, k)>, affine_map<(b, h, r, m, k) -> (b, h, r, m, k)>],
                          iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]}
      ins(%ids : tensor<?x?xi64>) outs(%eb : tensor<?x1x1x?x?xf32>) {
  ^bb0(%id: i64, %out: f32):
    %v = arith.sitofp %id : i64 to f32
    linalg.yield %v : f32
  } -> tensor<?x1x1x?x?xf32>
  %a = hybrid.attention ins(%q, %k, %k : tensor<?x1x1x?x4xf32>, tensor<?x1x?x4xf32>, tensor<?x1x?x4xf32>)
      bias(%bias : tensor<?x1x1x?x?xf32>) outs(%e5 : tensor<?x1x1x?x4xf32>) {scale = 0.5 : f32, mask = #hybrid.mask<causal>} -> tensor<?x1x1x?x4xf32> loc("attention")
  %y = tensor.collapse_shape %a [[0, 1, 2], [3], [4]] : tensor<?x1x1x?x4xf32> into tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}

// -----

// A batch that is made of the length, in a name that is not: the length is found whole.
// CHECK: hybrid.state_refusal = "op 'func.return' has an operand whose dimension 0 depends on the length in a way that does not follow its positions"
// CHECK-NOT: @prefill
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["floordiv(s, 2) + batch_s", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["floordiv(s, 2) + batch_s", "s", "4"]}) {
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
