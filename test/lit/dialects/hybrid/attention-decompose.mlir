// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func @causal
// The scores: products, then scale, softcap, bias and mask in one pass.
// CHECK: linalg.generic
// CHECK-SAME: "reduction"
// CHECK: linalg.generic
// CHECK: math.tanh
// CHECK: arith.addf
// CHECK: linalg.index
// CHECK: arith.cmpi sle
// CHECK: arith.select
// The maximum, and exp of what is below it; a row of nothing but -inf stays 0.
// CHECK: arith.maximumf
// CHECK: arith.cmpf oeq
// CHECK: arith.subf
// CHECK: math.exp
// CHECK: arith.divf
func.func @causal(%q: tensor<?x2x4x?x16xf32>, %k: tensor<?x2x?x16xf32>, %v: tensor<?x2x?x8xf32>,
                  %bias: tensor<?x1x1x?x?xf32>, %offset: tensor<?xi64> {hybrid.dims = ["batch"]}, %y: tensor<?x2x4x?x8xf32>) -> tensor<?x2x4x?x8xf32> {
  %0 = hybrid.attention ins(%q, %k, %v : tensor<?x2x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x8xf32>)
      bias(%bias : tensor<?x1x1x?x?xf32>) query_offset(%offset : tensor<?xi64>) outs(%y : tensor<?x2x4x?x8xf32>)
      {scale = 0.25 : f32, mask = #hybrid.mask<causal>, softcap = 50.0 : f32} -> tensor<?x2x4x?x8xf32>
  return %0 : tensor<?x2x4x?x8xf32>
}

// CHECK-LABEL: func @plain
// CHECK-NOT: linalg.index
// CHECK-NOT: math.tanh
// CHECK: return
func.func @plain(%q: tensor<1x2x4x3x16xbf16>, %k: tensor<1x2x9x16xbf16>, %y: tensor<1x2x4x3x16xbf16>) -> tensor<1x2x4x3x16xbf16> {
  %0 = hybrid.attention ins(%q, %k, %k : tensor<1x2x4x3x16xbf16>, tensor<1x2x9x16xbf16>, tensor<1x2x9x16xbf16>)
      outs(%y : tensor<1x2x4x3x16xbf16>) {scale = 1.0 : f32} -> tensor<1x2x4x3x16xbf16>
  return %0 : tensor<1x2x4x3x16xbf16>
}
