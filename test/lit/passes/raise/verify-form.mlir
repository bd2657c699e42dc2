// RUN: jarana-opt %s --verify-form=name=onnx --split-input-file --verify-diagnostics

func.func @onnx(%x: tensor<4xf32> {onnx.name = "x"}) -> (tensor<4xf32> {onnx.name = "y"}) {
  %0 = onnx.Exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @foreign(%x: tensor<4xf32> {onnx.name = "x"}) -> (tensor<4xf32> {onnx.name = "y"}) {
  // expected-error @below {{does not belong to the form 'onnx'}}
  %0 = tensor.empty() : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @below {{argument 0 has no 'onnx.name', which the form 'onnx' requires}}
func.func @unnamed(%x: tensor<4xf32>) -> (tensor<4xf32> {onnx.name = "y"}) {
  return %x : tensor<4xf32>
}
