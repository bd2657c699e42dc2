// RUN: jarana-opt %s --recognise-operators=only=causal-conv --split-input-file | FileCheck %s
// RUN: jarana-opt %s --verify-passes --recognise-operators=only=causal-conv --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// Padded on both sides and cut to the input's length, SiLU, transposed.
// CHECK-LABEL: func.func @prefill
// CHECK: %[[Y:.*]], %{{.*}} = onnx.CausalConvWithState %arg0, %arg1, %arg2, %{{.*}} {activation = "silu", onnx.recognised = {activation = "silu", assumptions = "none", bound = "2^-{{[0-9]+}}", channels = "6"{{.*}}, nodes = "5"
// CHECK: %[[T:.*]] = onnx.Transpose %[[Y]]
// CHECK: return %[[T]]
func.func @prefill(%x: tensor<?x6x?xf32> {onnx.name = "x", onnx.dims = ["b", "6", "s"]}, %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]},
    %bias: tensor<6xf32> {onnx.name = "bias", onnx.dims = ["6"]}) -> (tensor<?x?x6xf32> {onnx.name = "y"}) {
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %s = onnx.Shape %x {end = 3 : i64, start = 2 : i64} : (tensor<?x6x?xf32>) -> tensor<1xi64>
  %0 = onnx.Conv %x, %w, %bias {dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 3, 3>, strides = array<i64: 1>} : (tensor<?x6x?xf32>, tensor<6x1x4xf32>, tensor<6xf32>) -> tensor<?x6x?xf32>
  %1 = onnx.Slice %0, %zero, %s, %two, %one : (tensor<?x6x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x6x?xf32>
  %2 = onnx.Sigmoid %1 : (tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  %3 = onnx.Mul %1, %2 : (tensor<?x6x?xf32>, tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  %4 = onnx.Transpose %3 {perm = array<i64: 0, 2, 1>} : (tensor<?x6x?xf32>) -> tensor<?x?x6xf32>
  return %4 : tensor<?x?x6xf32>
}

// -----

// A state of k columns, of which the operator takes k - 1; the new state stays.
// CHECK-LABEL: func.func @decode
// CHECK-DAG: %[[FULL:.*]] = onnx.Concat %arg0, %arg1
// CHECK-DAG: %[[NEW:.*]] = onnx.Slice %[[FULL]]
// CHECK-DAG: %[[PAST:.*]] = onnx.Slice %arg0, {{.*}} -> tensor<?x6x3xf32>
// CHECK-DAG: %[[Y:.*]], %{{.*}} = onnx.CausalConvWithState %arg1, %arg2, %{{.*}}, %[[PAST]] {onnx.recognised = {activation = "none"
// CHECK-NOT: onnx.Conv
// CHECK: return %[[Y]], %[[NEW]]
func.func @decode(%state: tensor<?x6x4xf32> {onnx.name = "state", onnx.dims = ["b", "6", "4"]}, %x: tensor<?x6x1xf32> {onnx.name = "x", onnx.dims = ["b", "6", "1"]},
    %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]}) -> (tensor<?x6x1xf32> {onnx.name = "y"}, tensor<?x6x4xf32> {onnx.name = "new"}) {
  %none = onnx.None : none
  %four = onnx.Constant dense<-4> : tensor<1xi64>
  %minus = onnx.Constant dense<-1> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %0 = onnx.Concat %state, %x {axis = -1 : i64} : (tensor<?x6x4xf32>, tensor<?x6x1xf32>) -> tensor<?x6x5xf32>
  %1 = onnx.Slice %0, %four, %end, %two, %one : (tensor<?x6x5xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x6x4xf32>
  %2 = onnx.Conv %0, %w, %none {dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x6x5xf32>, tensor<6x1x4xf32>, none) -> tensor<?x6x2xf32>
  %3 = onnx.Slice %2, %minus, %end, %two, %one : (tensor<?x6x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x6x1xf32>
  return %3, %1 : tensor<?x6x1xf32>, tensor<?x6x4xf32>
}

// -----

// A state of k - 1 columns and the new one are the operator's own, a bias that is added later too.
// CHECK-LABEL: func.func @stateful
// CHECK: %[[BIAS:.*]] = onnx.Reshape %arg3, {{.*}} -> tensor<6xf32>
// CHECK: %[[Y:.*]], %[[NEW:.*]] = onnx.CausalConvWithState %arg1, %arg2, %[[BIAS]], %arg0 {activation = "silu"
// CHECK-NEXT: return %[[Y]], %[[NEW]]
func.func @stateful(%state: tensor<?x6x3xf32> {onnx.name = "state", onnx.dims = ["b", "6", "3"]}, %x: tensor<?x6x?xf32> {onnx.name = "x", onnx.dims = ["b", "6", "s"]},
    %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]}, %bias: tensor<1x6x1xf32> {onnx.name = "bias", onnx.dims = ["1", "6", "1"]})
    -> (tensor<?x6x?xf32> {onnx.name = "y"}, tensor<?x6x3xf32> {onnx.name = "new"}) {
  %none = onnx.None : none
  %three = onnx.Constant dense<-3> : tensor<1xi64>
  %end = onnx.Constant dense<9223372036854775807> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %0 = onnx.Concat %state, %x {axis = -1 : i64} : (tensor<?x6x3xf32>, tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  %1 = onnx.Slice %0, %three, %end, %two, %one : (tensor<?x6x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x6x3xf32>
  %2 = onnx.Conv %0, %w, %none {dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x6x?xf32>, tensor<6x1x4xf32>, none) -> tensor<?x6x?xf32>
  %3 = onnx.Add %2, %bias : (tensor<?x6x?xf32>, tensor<1x6x1xf32>) -> tensor<?x6x?xf32>
  %4 = onnx.Sigmoid %3 : (tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  %5 = onnx.Mul %3, %4 : (tensor<?x6x?xf32>, tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  return %5, %1 : tensor<?x6x?xf32>, tensor<?x6x3xf32>
}

// -----

// The first columns are no new state: they stay cut out of the concatenation.
// CHECK-LABEL: func.func @stale
// CHECK: %[[OLD:.*]] = onnx.Slice
// CHECK: %[[Y:.*]], %{{.*}} = onnx.CausalConvWithState %arg1, %arg2, %{{.*}}, %arg0 {activation = "silu"
// CHECK-NEXT: return %[[Y]], %[[OLD]]
func.func @stale(%state: tensor<?x6x3xf32> {onnx.name = "state", onnx.dims = ["b", "6", "3"]}, %x: tensor<?x6x?xf32> {onnx.name = "x", onnx.dims = ["b", "6", "s"]},
    %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]}, %bias: tensor<1x6x1xf32> {onnx.name = "bias", onnx.dims = ["1", "6", "1"]})
    -> (tensor<?x6x?xf32> {onnx.name = "y"}, tensor<?x6x3xf32> {onnx.name = "new"}) {
  %none = onnx.None : none
  %three = onnx.Constant dense<0> : tensor<1xi64>
  %end = onnx.Constant dense<3> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %0 = onnx.Concat %state, %x {axis = -1 : i64} : (tensor<?x6x3xf32>, tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  %1 = onnx.Slice %0, %three, %end, %two, %one : (tensor<?x6x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x6x3xf32>
  %2 = onnx.Conv %0, %w, %none {dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x6x?xf32>, tensor<6x1x4xf32>, none) -> tensor<?x6x?xf32>
  %3 = onnx.Add %2, %bias : (tensor<?x6x?xf32>, tensor<1x6x1xf32>) -> tensor<?x6x?xf32>
  %4 = onnx.Sigmoid %3 : (tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  %5 = onnx.Mul %3, %4 : (tensor<?x6x?xf32>, tensor<?x6x?xf32>) -> tensor<?x6x?xf32>
  return %5, %1 : tensor<?x6x?xf32>, tensor<?x6x3xf32>
}

// -----

// Padded on the left alone, by an op of its own.
// CHECK-LABEL: func.func @padded
// CHECK: onnx.CausalConvWithState %arg0, %arg1, %{{.*}}, %{{.*}} {onnx.recognised = {activation = "none"
// CHECK-NOT: onnx.Conv
func.func @padded(%x: tensor<2x6x?xf32> {onnx.name = "x", onnx.dims = ["2", "6", "s"]}, %w: tensor<6x1x3xf32> {onnx.name = "w", onnx.dims = ["6", "1", "3"]})
    -> (tensor<2x6x?xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %pads = onnx.Constant dense<[0, 0, 2, 0, 0, 0]> : tensor<6xi64>
  %0 = onnx.Pad %x, %pads, %none, %none : (tensor<2x6x?xf32>, tensor<6xi64>, none, none) -> tensor<2x6x?xf32>
  %1 = onnx.Conv %0, %w, %none {dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 3>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<2x6x?xf32>, tensor<6x1x3xf32>, none) -> tensor<2x6x?xf32>
  return %1 : tensor<2x6x?xf32>
}

// -----

// The state's first columns are not its last.
// CHECK: they part at Slice 'Slice': it gives only a part of the sums of taps of the whole state
// CHECK-LABEL: func.func @first_columns
// CHECK: onnx.Conv
func.func @first_columns(%state: tensor<?x6x4xf32> {onnx.name = "state", onnx.dims = ["b", "6", "4"]}, %x: tensor<?x6x1xf32> {onnx.name = "x", onnx.dims = ["b", "6", "1"]},
    %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]}) -> (tensor<?x6x1xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %zero = onnx.Constant dense<0> : tensor<1xi64>
  %one = onnx.Constant dense<1> : tensor<1xi64>
  %two = onnx.Constant dense<2> : tensor<1xi64>
  %0 = onnx.Concat %state, %x {axis = -1 : i64} : (tensor<?x6x4xf32>, tensor<?x6x1xf32>) -> tensor<?x6x5xf32>
  %1 = onnx.Conv %0, %w, %none {dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 0, 0>, strides = array<i64: 1>} : (tensor<?x6x5xf32>, tensor<6x1x4xf32>, none) -> tensor<?x6x2xf32>
  %2 = onnx.Slice %1, %zero, %one, %two, %one : (tensor<?x6x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x6x1xf32>
  return %2 : tensor<?x6x1xf32>
}

// -----

// CHECK-LABEL: module attributes {onnx.declined = [{kind = "causal-conv"
// CHECK-SAME: reason = "a position reads 0 positions before it and 3 after it"
// CHECK: onnx.Conv
module {
func.func @future(%x: tensor<?x6x?xf32> {onnx.name = "x", onnx.dims = ["b", "6", "s"]}, %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]})
    -> (tensor<?x6x?xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %0 = onnx.Conv %x, %w, %none {dilations = array<i64: 1>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 0, 3>, strides = array<i64: 1>} : (tensor<?x6x?xf32>, tensor<6x1x4xf32>, none) -> tensor<?x6x?xf32>
  return %0 : tensor<?x6x?xf32>
}
}

// -----

// CHECK-LABEL: module attributes {onnx.declined = [{kind = "causal-conv"
// CHECK-SAME: reason = "its dilation is 2"
// CHECK: onnx.Conv
module {
func.func @dilated(%x: tensor<?x6x?xf32> {onnx.name = "x", onnx.dims = ["b", "6", "s"]}, %w: tensor<6x1x4xf32> {onnx.name = "w", onnx.dims = ["6", "1", "4"]})
    -> (tensor<?x6x?xf32> {onnx.name = "y"}) {
  %none = onnx.None : none
  %0 = onnx.Conv %x, %w, %none {dilations = array<i64: 2>, group = 6 : i64, kernel_shape = array<i64: 4>, pads = array<i64: 6, 0>, strides = array<i64: 1>} : (tensor<?x6x?xf32>, tensor<6x1x4xf32>, none) -> tensor<?x6x?xf32>
  return %0 : tensor<?x6x?xf32>
}
}
