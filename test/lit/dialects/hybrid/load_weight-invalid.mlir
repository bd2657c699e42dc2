// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// load_weight_c1
func.func @load_weight_c1() {
  // expected-error @below {{'hybrid.load_weight' op the symbol must be a hybrid.weight of the module, got @load_weight_c1}}
  %0 = hybrid.load_weight @load_weight_c1 : tensor<2xf32>
  return
}

// -----

// load_weight_c2
hybrid.weight @w : tensor<2xf32> = dense<0.0> : tensor<2xf32>
func.func @load_weight_c2() {
  // expected-error @below {{'hybrid.load_weight' op the result must have the type of weight @w: expected 'tensor<2xf32>', got 'tensor<2xf16>'}}
  %0 = hybrid.load_weight @w : tensor<2xf16>
  return
}
