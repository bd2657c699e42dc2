// RUN: jarana-opt %s --split-input-file --verify-diagnostics

func.func @scan_c1(%s: tensor<8xf32>) {
  // expected-error @+1 {{has num_scan_inputs = 2, which must be from 1 to the number of operands, 1}}
  %0 = onnx.Scan %s {num_scan_inputs = 2 : i64, scan_input_axes = array<i64>, scan_input_directions = array<i64>, scan_output_axes = array<i64>, scan_output_directions = array<i64>} : (tensor<8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    onnx.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c2(%s: tensor<8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @+1 {{needs a region with one argument per operand (2) that yields one value per result (1)}}
  %0 = onnx.Scan %s, %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 0>, scan_input_directions = array<i64: 0>, scan_output_axes = array<i64>, scan_output_directions = array<i64>} : (tensor<8xf32>, tensor<3x8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>):
    onnx.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c3(%s: tensor<8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @+1 {{operand 0 is 'tensor<8xf32>', but the region's argument is 'tensor<8xf16>'}}
  %0 = onnx.Scan %s, %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 0>, scan_input_directions = array<i64: 0>, scan_output_axes = array<i64>, scan_output_directions = array<i64>} : (tensor<8xf32>, tensor<3x8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf16>, %b: tensor<8xf32>):
    onnx.yield %b : tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c4(%s: tensor<8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @+1 {{scan input 0 is 'tensor<3x8xf32>', so the region's argument must have rank 1, not 2}}
  %0 = onnx.Scan %s, %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 0>, scan_input_directions = array<i64: 0>, scan_output_axes = array<i64>, scan_output_directions = array<i64>} : (tensor<8xf32>, tensor<3x8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<3x8xf32>):
    onnx.yield %a : tensor<8xf32>
  }
  return
}

// -----

func.func @scan_c5(%s: tensor<8xf32>, %x: tensor<3x8xf32>) {
  // expected-error @+1 {{has axis 2 and direction 0 for scan input 0 of rank 2}}
  %0 = onnx.Scan %s, %x {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 2>, scan_input_directions = array<i64: 0>, scan_output_axes = array<i64>, scan_output_directions = array<i64>} : (tensor<8xf32>, tensor<3x8xf32>) -> tensor<8xf32> {
  ^bb0(%a: tensor<8xf32>, %b: tensor<8xf32>):
    onnx.yield %a : tensor<8xf32>
  }
  return
}
