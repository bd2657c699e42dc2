// RUN: jarana-opt %s --derive-state | FileCheck %s

// What has a default value is a constant for sessions, and an argument of @main alone.
// CHECK: func.func @main(%{{.+}}: tensor<?x?xi64> {{.+}}, %{{.+}}: tensor<1xf32> {hybrid.default = dense<2.0
// CHECK: func.func @prefill(%{{.+}}: tensor<?x?xi64> {{{.*}}hybrid.name = "input_ids"}) ->
// CHECK: dense<2.000000e+00> : tensor<1xf32>
// CHECK: func.func @decode(%{{.+}}: tensor<?x1xi64> {{{.*}}hybrid.name = "input_ids"}) ->
// CHECK-NOT: func.func
#bs = affine_map<(b, s, c) -> (b, s)>
#one = affine_map<(b, s, c) -> (0)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["b", "s"]},
                %t: tensor<1xf32> {hybrid.name = "temperature", hybrid.dims = ["1"], hybrid.default = dense<2.0> : tensor<1xf32>})
    -> (tensor<?x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #one, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids, %t : tensor<?x?xi64>, tensor<1xf32>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %temperature: f32, %out: f32):
    %f = arith.sitofp %id : i64 to f32
    %g = arith.divf %f, %temperature : f32
    linalg.yield %g : f32
  } -> tensor<?x?x4xf32>
  return %x : tensor<?x?x4xf32>
}
