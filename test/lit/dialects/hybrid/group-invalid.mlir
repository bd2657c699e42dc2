// RUN: jarana-opt %s -split-input-file -verify-diagnostics

// group_c1
func.func @group_c1(%x: tensor<8xf32>) {
  // expected-error @below {{'hybrid.group' op the yielded values must have the types of the results: expected ('tensor<4xf32>'), got ('tensor<8xf32>')}}
  %0 = hybrid.group #hybrid.strategy<view = none> -> (tensor<4xf32>) {
    hybrid.yield %x : tensor<8xf32>
  }
  return
}

// -----

// strategy_c1
func.func @strategy_c1() {
  // expected-error @below {{strategy: a chunk is positive and belongs to the chunked view, got 64 for recurrent}}
  hybrid.group #hybrid.strategy<view = recurrent, chunk = 64> {
  }
  return
}

// -----

// strategy_c2
func.func @strategy_c2() {
  // expected-error @below {{strategy: tile size 1 must not be negative, got -2}}
  hybrid.group #hybrid.strategy<view = none, tiles = [1, -2]> {
  }
  return
}
