// Passes from the hybrid form to the stateful form. The example is run and
// compared by scripts/check_pass_examples.py.
#ifndef JARANA_STATE_PASSES_TD
#define JARANA_STATE_PASSES_TD

include "mlir/Pass/PassBase.td"

def DeriveStatePass : Pass<"derive-state", "::mlir::ModuleOp"> {
  let summary = "functions that continue from a state, from one that takes whole sequences";
  let description = [{
    From `@main`, which computes the logits of a whole sequence, makes `@prefill` and `@decode`: they take the new
    tokens (`@decode`: one per sequence) and the states that the tokens before them left, and give the logits of the
    last position and the next states. Any split of a sequence gives what the whole of it gives.

    Each value is followed back from the logits. Every op on the way must give a position of its result from the same
    position of its operands, or know the position that it is at; what mixes positions must do so through
    `SequenceMixerOpInterface`, whose states become arguments. Where an op does neither, nothing is derived, and a
    remark and the module's attribute `hybrid.state_refusal` name it. Only what the last position's logits need is
    computed.

    The plan of the states is the attribute `hybrid.state` of the functions; `hybrid.state_report` of the module says how
    each op acts on the sequence.

    ```mlir
    func.func @main(%ids: tensor<1x?xi64> {hybrid.name = "input_ids", hybrid.dims = ["1", "s"]})
        -> (tensor<1x?x4xf32> {hybrid.name = "logits", hybrid.dims = ["1", "s", "4"]}) {
      %c1 = arith.constant 1 : index
      %zero = arith.constant dense<0.0> : tensor<1x3x4xf32>
      %weight = arith.constant dense<0.5> : tensor<4x4xf32>
      %s = tensor.dim %ids, %c1 : tensor<1x?xi64>
      %e = tensor.empty(%s) : tensor<1x?x4xf32>
      %x = linalg.generic {indexing_maps = [affine_map<(b, s, c) -> (b, s)>, affine_map<(b, s, c) -> (b, s, c)>],
                           iterator_types = ["parallel", "parallel", "parallel"]}
          ins(%ids : tensor<1x?xi64>) outs(%e : tensor<1x?x4xf32>) {
      ^bb0(%id: i64, %out: f32):
        %f = arith.sitofp %id : i64 to f32
        linalg.yield %f : f32
      } -> tensor<1x?x4xf32>
      %y, %window = hybrid.causal_conv1d ins(%x, %weight : tensor<1x?x4xf32>, tensor<4x4xf32>)
          outs(%e, %zero : tensor<1x?x4xf32>, tensor<1x3x4xf32>) -> tensor<1x?x4xf32>, tensor<1x3x4xf32>
      return %y : tensor<1x?x4xf32>
    }
    ```
    becomes, beside `@main`,
    ```mlir
    func.func @prefill(%ids: tensor<1x?xi64> {...}, %window: tensor<1x3x4xf32> {...}) -> (tensor<1x1x4xf32> {...}, tensor<1x3x4xf32> {...})
      ...
      %y:2 = hybrid.causal_conv1d ins(%x, %weight : tensor<1x?x4xf32>, tensor<4x4xf32>) outs(%e, %window : tensor<1x?x4xf32>, tensor<1x3x4xf32>) -> tensor<1x?x4xf32>, tensor<1x3x4xf32>
      ...
      %last = tensor.extract_slice %y#0[0, %n, 0] [1, 1, 4] [1, 1, 1] : tensor<1x?x4xf32> to tensor<1x1x4xf32>
      return %last, %y#1 : tensor<1x1x4xf32>, tensor<1x3x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::hybrid::HybridDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
  let options = [
    Option<"ids", "ids", "std::string", "", "the name of the input of token ids; empty: found out">,
    Option<"mask", "mask", "std::string", "", "the name of the input that masks positions; empty: found out">,
    Option<"positions", "positions", "std::string", "", "the name of the input of the tokens' positions; empty: found out">,
    Option<"logits", "logits", "std::string", "", "the name of the output of logits; empty: found out">
  ];
  let statistics = [Statistic<"numDerived", "derived", "functions derived">];
}

#endif
