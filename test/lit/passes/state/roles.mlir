// RUN: jarana-opt %s --pass-pipeline="builtin.module(derive-state{ids=words positions=places mask=shown logits=scores})" | FileCheck %s
// RUN: jarana-opt %s --derive-state | FileCheck %s --check-prefix=UNSTATED

// Names that say nothing are stated; an input that nothing reads needs no role.
// CHECK: @prefill(%{{.+}}: tensor<?x?xi64> {{{.*}}hybrid.name = "words"}, %{{.+}}: tensor<?x?xi64> {{{.*}}hybrid.name = "places"})
// CHECK-SAME: hybrid.state = {ids = "words", logits = "scores", positions = "places"
// UNSTATED: hybrid.state_refusal = "the model has no input of token ids ('input_ids', or that which --ids states)"
#bs = affine_map<(b, s, c) -> (b, s)>
#bsc = affine_map<(b, s, c) -> (b, s, c)>
func.func @main(%ids: tensor<?x?xi64> {hybrid.name = "words", hybrid.dims = ["b", "s"]}, %p: tensor<?x?xi64> {hybrid.name = "places", hybrid.dims = ["b", "s"]},
                %m: tensor<?x?xi64> {hybrid.name = "shown", hybrid.dims = ["b", "s"]}, %t: tensor<?x?xi64> {hybrid.name = "token_type_ids", hybrid.dims = ["b", "s"]})
    -> (tensor<?x?x4xf32> {hybrid.name = "scores", hybrid.dims = ["b", "s", "4"]}, tensor<?x?x4xf32> {hybrid.name = "again", hybrid.dims = ["b", "s", "4"]}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %ids, %c0 : tensor<?x?xi64>
  %s = tensor.dim %ids, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %s) : tensor<?x?x4xf32>
  %x = linalg.generic {indexing_maps = [#bs, #bs, #bsc], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%ids, %p : tensor<?x?xi64>, tensor<?x?xi64>) outs(%e : tensor<?x?x4xf32>) {
  ^bb0(%id: i64, %at: i64, %out: f32):
    %sum = arith.addi %id, %at : i64
    %f = arith.sitofp %sum : i64 to f32
    linalg.yield %f : f32
  } -> tensor<?x?x4xf32>
  return %x, %x : tensor<?x?x4xf32>, tensor<?x?x4xf32>
}
