// RUN: jarana-opt %s --raise-onnx --canonicalize --cse | FileCheck %s
// RUN: jarana-opt %s --verify-passes --raise-onnx --canonicalize --cse --split-input-file -o /dev/null 2>&1 | FileCheck %s --check-prefix=EQUAL --implicit-check-not="not checked"
// EQUAL: {{[1-9][0-9]*}} evaluations agree

// The size of the result is one or the other, by the condition.
// CHECK-LABEL: func.func @sizes
// CHECK: tensor.dim %arg0
// CHECK: arith.cmpi sgt
// CHECK: scf.if %{{.*}} -> (tensor<?x2xf32>) {
// CHECK: linalg.generic
// CHECK: tensor.cast %{{.*}} : tensor<3x2xf32> to tensor<?x2xf32>
func.func @sizes(%x: tensor<?x2xf32> {onnx.name = "x", onnx.dims = ["n", "2"]}, %y: tensor<3x2xf32> {onnx.name = "y", onnx.dims = ["3", "2"]})
    -> (tensor<?x2xf32> {onnx.name = "z"}) {
  %shape = onnx.Shape %x {start = 0 : i64} : (tensor<?x2xf32>) -> tensor<2xi64>
  %zero = onnx.Constant dense<0> : tensor<i64>
  %limit = onnx.Constant dense<3> : tensor<i64>
  %n = onnx.Gather %shape, %zero {axis = 0 : i64} : (tensor<2xi64>, tensor<i64>) -> tensor<i64>
  %long = onnx.Greater %n, %limit : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %0 = onnx.If %long : (tensor<i1>) -> tensor<?x2xf32> {
    %1 = onnx.Neg %x : (tensor<?x2xf32>) -> tensor<?x2xf32>
    onnx.yield %1 : tensor<?x2xf32>
  } else {
    %1 = onnx.Neg %y : (tensor<3x2xf32>) -> tensor<3x2xf32>
    onnx.yield %1 : tensor<3x2xf32>
  }
  return %0 : tensor<?x2xf32>
}

// CHECK-LABEL: func.func @loop
// CHECK: scf.while (%[[H:.*]] = %arg2, %[[I:.*]] = %c0_i64, %[[C:.*]] = %{{.*}}) : (tensor<4xf32>, i64, i1)
// CHECK: arith.cmpi slt, %[[I]]
// CHECK: scf.condition
// CHECK: linalg.generic
// CHECK: scf.yield %{{.*}}, %{{.*}}, %{{.*}} : tensor<4xf32>, i64, i1
func.func @loop(%n: tensor<i64> {onnx.name = "n"}, %c: tensor<i1> {onnx.name = "c"}, %x: tensor<4xf32> {onnx.name = "x", onnx.dims = ["4"]}, %go: tensor<i1> {onnx.name = "go"})
    -> (tensor<4xf32> {onnx.name = "y"}) {
  %0 = onnx.Loop %n, %c, %x : (tensor<i64>, tensor<i1>, tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%i: tensor<i64>, %holds: tensor<i1>, %h: tensor<4xf32>):
    %next = onnx.Add %h, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %more = onnx.And %holds, %go : (tensor<i1>, tensor<i1>) -> tensor<i1>
    onnx.yield %more, %next : tensor<i1>, tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
