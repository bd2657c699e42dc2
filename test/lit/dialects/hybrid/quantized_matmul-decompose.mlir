// RUN: jarana-opt %s --verify-passes --cpu-decompose=all --canonicalize --cse | FileCheck %s

// CHECK-DAG: #[[$CODE:.*]] = affine_map<(d0, d1) -> (d0, d1 floordiv 32, (d1 mod 32) floordiv 2)>
// CHECK-DAG: #[[$SCALE:.*]] = affine_map<(d0, d1) -> (d0, d1 floordiv 32)>
// CHECK-DAG: #[[$ZERO:.*]] = affine_map<(d0, d1) -> (d0, (d1 floordiv 32) floordiv 2)>
// CHECK-LABEL: func @four_bits
// CHECK: linalg.generic {indexing_maps = [#[[$CODE]], #[[$SCALE]], #[[$ZERO]],
// CHECK: arith.extui
// CHECK: arith.shrui
// CHECK: arith.andi
// CHECK: linalg.generic
// CHECK-SAME: "reduction"
func.func @four_bits(%x: tensor<?x?x80xf32>, %codes: tensor<24x3x16xi8>, %scales: tensor<24x3xf32>,
                     %zeros: tensor<24x2xi8>, %y: tensor<?x?x24xf32>) -> tensor<?x?x24xf32> {
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<?x?x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>) outs(%y : tensor<?x?x24xf32>) {bits = 4, block = 32} -> tensor<?x?x24xf32>
  return %0 : tensor<?x?x24xf32>
}

// CHECK-LABEL: func @eight_bits
// CHECK: %[[ZERO:.*]] = arith.constant 1.280000e+02 : f32
// CHECK: arith.extui
// CHECK-NOT: arith.shrui
// CHECK: arith.subf %{{.*}}, %[[ZERO]]
func.func @eight_bits(%x: tensor<64xf16>, %codes: tensor<24x2x32xi8>, %scales: tensor<24x2xf32>, %y: tensor<24xf16>) -> tensor<24xf16> {
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<64xf16>, tensor<24x2x32xi8>, tensor<24x2xf32>)
      outs(%y : tensor<24xf16>) {bits = 8, block = 32} -> tensor<24xf16>
  return %0 : tensor<24xf16>
}
