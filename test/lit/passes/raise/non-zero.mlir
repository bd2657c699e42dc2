// RUN: jarana-opt %s --raise-onnx --canonicalize --cse | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// The places of the true elements go to the front; as many as there are become
// rows and columns. How many is bounded, for the planner of the arena.
// CHECK-LABEL: func.func @rows
// CHECK: %[[SIZE:.*]] = arith.muli
// CHECK: %[[LOOP:.*]]:2 = scf.for %[[P:.*]] = %c0 to %[[SIZE]] step %c1 iter_args(%[[BUFFER:.*]] = %{{.*}}, %[[NEXT:.*]] = %c0)
// CHECK: tensor.insert %{{.*}} into %[[BUFFER]][%[[NEXT]]]
// CHECK: %[[LEAST:.*]] = arith.minsi %[[LOOP]]#1, %[[SIZE]]
// CHECK: %[[COUNT:.*]] = arith.maxsi %[[LEAST]], %c0
// CHECK: tensor.extract_slice %[[LOOP]]#0[0] [%[[COUNT]]] [1]
// CHECK: arith.divsi
// CHECK: arith.remsi
func.func @rows(%x: tensor<?x3xf32> {onnx.name = "x", onnx.dims = ["n", "3"]}, %mask: tensor<?x3xi1> {onnx.name = "mask", onnx.dims = ["n", "3"]})
    -> (tensor<?x3xf32> {onnx.name = "y"}) {
  %at = onnx.NonZero %mask : (tensor<?x3xi1>) -> tensor<2x?xi64>
  %places = onnx.Transpose %at {perm = array<i64: 1, 0>} : (tensor<2x?xi64>) -> tensor<?x2xi64>
  %taken = onnx.GatherND %x, %places {batch_dims = 0 : i64} : (tensor<?x3xf32>, tensor<?x2xi64>) -> tensor<?xf32>
  %twice = onnx.Add %taken, %taken : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %y = onnx.ScatterND %x, %places, %twice {reduction = "none"} : (tensor<?x3xf32>, tensor<?x2xi64>, tensor<?xf32>) -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
