// RUN: jarana-opt %s | jarana-opt | FileCheck %s
// RUN: jarana-opt %s --cse | FileCheck %s --check-prefix=CSE

hybrid.weight @w : tensor<2xf32> = dense<1.0> : tensor<2xf32>

// CHECK-LABEL: func @load
// CSE-LABEL: func @load
func.func @load() -> (tensor<2xf32>, tensor<2xf32>) {
  // CHECK: hybrid.load_weight @w : tensor<2xf32>
  // Loading is pure: once is enough.
  // CSE-COUNT-1: hybrid.load_weight
  // CSE-NOT: hybrid.load_weight
  %0 = hybrid.load_weight @w : tensor<2xf32>
  %1 = hybrid.load_weight @w : tensor<2xf32>
  return %0, %1 : tensor<2xf32>, tensor<2xf32>
}
