// RUN: jarana-opt %s --pass-pipeline='builtin.module(func.func(cpu-stabilize-loops))' | FileCheck %s
// RUN: jarana-opt %s --verify-passes --pass-pipeline='builtin.module(func.func(cpu-stabilize-loops))' -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// CHECK-LABEL: func.func @new_tensor
// CHECK: scf.for {{.*}} iter_args(%[[A:.*]] = %{{.*}})
// CHECK: %[[N:.*]] = linalg.add
// CHECK: %[[C:.*]] = linalg.copy ins(%[[N]] : tensor<4xf32>) outs(%[[A]] : tensor<4xf32>)
// CHECK: scf.yield %[[C]]
func.func @new_tensor(%init: tensor<4xf32>, %n: index) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %init) -> (tensor<4xf32>) {
    %e = tensor.empty() : tensor<4xf32>
    %s = linalg.add ins(%a, %a : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %s : tensor<4xf32>
  }
  return %r : tensor<4xf32>
}

// What is updated in place needs no copy.
// CHECK-LABEL: func.func @in_place
// CHECK-NOT: linalg.copy
func.func @in_place(%init: tensor<8xf32>, %x: tensor<1xf32>, %n: index) -> tensor<8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %init) -> (tensor<8xf32>) {
    %s = tensor.insert_slice %x into %a[%i] [1] [1] : tensor<1xf32> into tensor<8xf32>
    scf.yield %s : tensor<8xf32>
  }
  return %r : tensor<8xf32>
}

// The same for a while; what its first region hands on need not be all that it
// gets.
// CHECK-LABEL: func.func @while
// CHECK: ^bb0(%[[A:.*]]: tensor<4xf32>):
// CHECK: %[[N:.*]] = linalg.add
// CHECK: %[[C:.*]] = linalg.copy ins(%[[N]] : tensor<4xf32>) outs(%[[A]] : tensor<4xf32>)
// CHECK: scf.yield %{{.*}}, %[[C]]
func.func @while(%init: tensor<4xf32>, %go: i1) -> tensor<4xf32> {
  %no = arith.constant false
  %r = scf.while (%c = %go, %a = %init) : (i1, tensor<4xf32>) -> tensor<4xf32> {
    scf.condition(%c) %a : tensor<4xf32>
  } do {
  ^bb0(%a: tensor<4xf32>):
    %e = tensor.empty() : tensor<4xf32>
    %s = linalg.add ins(%a, %a : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
    scf.yield %no, %s : i1, tensor<4xf32>
  }
  return %r : tensor<4xf32>
}
