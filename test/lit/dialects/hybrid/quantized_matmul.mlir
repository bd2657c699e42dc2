// RUN: jarana-opt %s | jarana-opt | FileCheck %s

// CHECK-LABEL: func @four_bits
func.func @four_bits(%x: tensor<?x?x80xf32>, %codes: tensor<24x3x16xi8>, %scales: tensor<24x3xf32>,
                     %zeros: tensor<24x2xi8>, %y: tensor<?x?x24xf32>) -> tensor<?x?x24xf32> {
  // CHECK: hybrid.quantized_matmul ins(%{{.*}}, %{{.*}}, %{{.*}} : tensor<?x?x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
  // CHECK-SAME: zero_points(%{{.*}} : tensor<24x2xi8>) outs(%{{.*}} : tensor<?x?x24xf32>) {bits = 4 : i64, block = 32 : i64}
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<?x?x80xf32>, tensor<24x3x16xi8>, tensor<24x3xf32>)
      zero_points(%zeros : tensor<24x2xi8>) outs(%y : tensor<?x?x24xf32>) {bits = 4, block = 32} -> tensor<?x?x24xf32>
  return %0 : tensor<?x?x24xf32>
}

// CHECK-LABEL: func @eight_bits
func.func @eight_bits(%x: tensor<64xf16>, %codes: tensor<24x2x32xi8>, %scales: tensor<24x2xf32>,
                      %y: tensor<24xf16>) -> tensor<24xf16> {
  // CHECK: hybrid.quantized_matmul
  // CHECK-NOT: zero_points
  // CHECK: return
  %0 = hybrid.quantized_matmul ins(%x, %codes, %scales : tensor<64xf16>, tensor<24x2x32xi8>, tensor<24x2xf32>)
      outs(%y : tensor<24xf16>) {bits = 8, block = 32} -> tensor<24xf16>
  return %0 : tensor<24xf16>
}
