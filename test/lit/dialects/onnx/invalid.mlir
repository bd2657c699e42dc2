// RUN: jarana-opt %s --split-input-file --verify-diagnostics

func.func @type_variable(%x: tensor<4xf32>, %y: tensor<4xi64>) {
  // expected-error @+1 {{operand 1 has element type 'i64' where 'f32' is expected}}
  %0 = onnx.Add %x, %y : (tensor<4xf32>, tensor<4xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @type_variable_of_the_result(%x: tensor<4xf32>) {
  // expected-error @+1 {{result 0 has element type 'f16' where 'f32' is expected}}
  %0 = onnx.Exp %x : (tensor<4xf32>) -> tensor<4xf16>
  return
}

// -----

func.func @element_type(%x: tensor<4xi64>) {
  // expected-error @+1 {{operand #0 must be}}
  %0 = onnx.Exp %x : (tensor<4xi64>) -> tensor<4xi64>
  return
}

// -----

func.func @unranked(%x: tensor<*xf32>) {
  // expected-error @+1 {{operand #0 must be}}
  %0 = onnx.Exp %x : (tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @required_operand() {
  %none = onnx.None : none
  // expected-error @+1 {{operand #0 must be}}
  %0 = onnx.Exp %none : (none) -> tensor<4xf32>
  return
}

// -----

func.func @too_many_results(%x: tensor<1x4xf32>, %w: tensor<4xf32>) {
  %none = onnx.None : none
  // expected-error @+1 {{has 5 results; it can have 1 to 4}}
  %0:5 = onnx.SkipSimplifiedLayerNormalization %x, %x, %w, %none : (tensor<1x4xf32>, tensor<1x4xf32>, tensor<4xf32>, none) -> (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1x1xf32>, tensor<1x4xf32>, tensor<1x4xf32>)
  return
}

// -----

func.func @missing_attribute(%x: tensor<4xf32>) {
  // expected-error @+1 {{requires attribute 'to'}}
  %0 = onnx.Cast %x : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// The shape rule speaks in the verifier too.
func.func @shape_rule(%x: tensor<2x8xf32>, %w: tensor<9x4xf32>) {
  // expected-error @+1 {{the inner dimensions differ: 8 and 9}}
  %0 = onnx.MatMul %x, %w : (tensor<2x8xf32>, tensor<9x4xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @result_shape(%x: tensor<2x8xf32>, %w: tensor<8x4xf32>) {
  // expected-error @+1 {{result 0 has type}}
  %0 = onnx.MatMul %x, %w : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x5xf32>
  return
}
