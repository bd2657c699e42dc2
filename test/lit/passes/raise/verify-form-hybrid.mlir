// RUN: jarana-opt %s --verify-form=name=hybrid --split-input-file --verify-diagnostics

func.func @left(%x: tensor<4xf32> {hybrid.name = "x"}) -> (tensor<4xf32> {hybrid.name = "y"}) {
  // expected-error @below {{does not belong to the form 'hybrid'}}
  %0 = onnx.Exp %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @unsigned() -> (tensor<4xui8> {hybrid.name = "y"}) {
  // expected-error @below {{the form 'hybrid' has no unsigned types}}
  %0 = tensor.empty() : tensor<4xui8>
  return %0 : tensor<4xui8>
}
