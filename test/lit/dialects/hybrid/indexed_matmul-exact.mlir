// RUN: jarana-opt %s --verify-passes --cpu-decompose=all -o /dev/null 2>&1 | FileCheck %s
// CHECK: 2 evaluations agree

// Equal over residues, for both orders of a matrix and for indices from the end.
func.func @transposed(%x: tensor<5x6xf32>, %w: tensor<4x7x6xf32>, %y: tensor<5x7xf32>) -> tensor<5x7xf32> {
  %chosen = arith.constant dense<[3, -1, 0, 2, -4]> : tensor<5xi64>
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x6xf32>, tensor<4x7x6xf32>, tensor<5xi64>)
      outs(%y : tensor<5x7xf32>) {transposed} -> tensor<5x7xf32>
  return %0 : tensor<5x7xf32>
}

func.func @plain(%x: tensor<5x6xf32>, %w: tensor<4x6x7xf32>, %y: tensor<5x7xf32>) -> tensor<5x7xf32> {
  %chosen = arith.constant dense<[3, -1, 0, 2, -4]> : tensor<5xi64>
  %0 = hybrid.indexed_matmul ins(%x, %w, %chosen : tensor<5x6xf32>, tensor<4x6x7xf32>, tensor<5xi64>)
      outs(%y : tensor<5x7xf32>) -> tensor<5x7xf32>
  return %0 : tensor<5x7xf32>
}
