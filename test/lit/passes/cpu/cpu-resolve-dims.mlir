// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-resolve-dims))' | FileCheck %s
// RUN: jarana-opt %s --verify-passes --pass-pipeline='builtin.module(func.func(cpu-resolve-dims))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @through_a_loop(
// CHECK-SAME: %[[INIT:[^:]*]]: tensor<?xf32>
// CHECK: %[[N:.*]] = tensor.dim %[[INIT]]
// CHECK: return %[[N]]
func.func @through_a_loop(%init: tensor<?xf32>, %x: tensor<1xf32>, %n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %init) -> (tensor<?xf32>) {
    %s = tensor.insert_slice %x into %a[%i] [1] [1] : tensor<1xf32> into tensor<?xf32>
    scf.yield %s : tensor<?xf32>
  }
  %e = linalg.exp ins(%r : tensor<?xf32>) outs(%r : tensor<?xf32>) -> tensor<?xf32>
  %d = tensor.dim %e, %c0 : tensor<?xf32>
  return %d : index
}

// CHECK-LABEL: func.func @through_a_while(
// CHECK-SAME: %[[INIT:[^:]*]]: tensor<?xf32>
// CHECK: %[[N:.*]] = tensor.dim %[[INIT]]
// CHECK: return %[[N]]
func.func @through_a_while(%init: tensor<?xf32>, %go: i1) -> index {
  %c0 = arith.constant 0 : index
  %no = arith.constant false
  %r = scf.while (%c = %go, %a = %init) : (i1, tensor<?xf32>) -> tensor<?xf32> {
    scf.condition(%c) %a : tensor<?xf32>
  } do {
  ^bb0(%a: tensor<?xf32>):
    %e = linalg.exp ins(%a : tensor<?xf32>) outs(%a : tensor<?xf32>) -> tensor<?xf32>
    scf.yield %no, %e : i1, tensor<?xf32>
  }
  %d = tensor.dim %r, %c0 : tensor<?xf32>
  return %d : index
}
