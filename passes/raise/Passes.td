// Passes from the onnx form to the hybrid form.
#ifndef JARANA_RAISE_PASSES_TD
#define JARANA_RAISE_PASSES_TD

include "mlir/Pass/PassBase.td"

def RecogniseOperatorsPass : Pass<"recognise-operators", "::mlir::ModuleOp"> {
  let summary = "what exporters took apart becomes one onnx operator again";
  let description = [{
    Looks in functions of the onnx form for parts that compute what one operator with a name (`LinearAttention`,
    `CausalConvWithState`, `Attention`, `RMSNormalization`, ...) computes, and puts that operator in their place. Each
    part is checked first: the reference evaluator runs it and the operator on random inputs (with fixed seeds) at several
    shapes, and where one result differs by more than rounding the graph stays as it is. A value inside such a part that
    is used elsewhere stays computed.

    The new op carries what was found, and how it was checked, as its attribute `onnx.recognised`; what looked like an
    operator and was declined is in the module's attribute `onnx.declined`, with the op where the two part
    (`parts_at`). Both are reported as remarks too.

    ```mlir
    func.func @main(%x: tensor<?x64xf32> {onnx.name = "x", onnx.dims = ["n", "64"]}, %w: tensor<64xf32> {onnx.name = "w", onnx.dims = ["64"]})
        -> (tensor<?x64xf32> {onnx.name = "y"}) {
      %two = onnx.Constant dense<2.0> : tensor<f32>
      %last = onnx.Constant dense<-1> : tensor<1xi64>
      %epsilon = onnx.Constant dense<1.0e-05> : tensor<f32>
      %0 = onnx.Pow %x, %two : (tensor<?x64xf32>, tensor<f32>) -> tensor<?x64xf32>
      %1 = onnx.ReduceMean %0, %last {keepdims = 1 : i64, noop_with_empty_axes = 0 : i64} : (tensor<?x64xf32>, tensor<1xi64>) -> tensor<?x1xf32>
      %2 = onnx.Add %1, %epsilon : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
      %3 = onnx.Sqrt %2 : (tensor<?x1xf32>) -> tensor<?x1xf32>
      %4 = onnx.Reciprocal %3 : (tensor<?x1xf32>) -> tensor<?x1xf32>
      %5 = onnx.Mul %x, %4 : (tensor<?x64xf32>, tensor<?x1xf32>) -> tensor<?x64xf32>
      %y = onnx.Mul %w, %5 : (tensor<64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    ```
    becomes
    ```mlir
    %y = onnx.RMSNormalization %x, %w {...} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::hybrid::HybridDialect"];
  let options = [
    ListOption<"only", "only", "std::string", "names of the recognisers to run; none: all">
  ];
}

def RaiseOnnxPass : Pass<"raise-onnx", "::mlir::ModuleOp"> {
  let summary = "onnx form to hybrid form";
  let description = [{
    Makes each function of a module in onnx form again from `hybrid`, `linalg`, `tensor`, `arith`, `math` and `scf` ops:
    operators with a name of their own (`LinearAttention`, `Attention`, ...) become `hybrid` ops, all others generic code.
    Shape arithmetic of the graph disappears: every dimension is computed at the function's entry from the dimensions of
    the arguments, and what the graph assumes about them becomes `hybrid.check` there.

    What became of the named operators is stored as the module's attribute `hybrid.raise_report`, and reported as remarks.

    ```mlir
    func.func @main(%x: tensor<?x4xf32> {onnx.name = "x", onnx.dims = ["n", "4"]}, %b: tensor<4xf32> {onnx.name = "b", onnx.dims = ["4"]})
        -> (tensor<?x4xf32> {onnx.name = "y"}) {
      %y = onnx.Add %x, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: tensor<?x4xf32> {... hybrid.name = "x"}, %b: tensor<4xf32> {... hybrid.name = "b"}) -> (tensor<?x4xf32> {... hybrid.name = "y"}) {
      ...
      %e = tensor.empty(%n) : tensor<?x4xf32>
      %y = linalg.generic {...} ins(%x, %b : tensor<?x4xf32>, tensor<4xf32>) outs(%e : tensor<?x4xf32>) {
      ^bb0(%p: f32, %q: f32, %out: f32):
        %s = arith.addf %p, %q : f32
        linalg.yield %s : f32
      } -> tensor<?x4xf32>
      return %y : tensor<?x4xf32>
    }
    ```
  }];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::hybrid::HybridDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"
  ];
  let options = [
    Option<"errorOnFallback", "error-on-fallback", "bool", "false",
           "fail where an operator with a name is lowered to generic loops">
  ];
}

def GeneralizeShapesPass : Pass<"generalize-shapes", "::mlir::ModuleOp"> {
  let summary = "a graph that was traced at fixed sizes, for all sizes";
  let description = [{
    On the onnx form, after `recognise-operators`: the dimensions of the token ids (and those of other inputs that were traced at the same sizes)
    become symbols, and what the exporter wrote as numbers because of them follows: shapes of `Reshape` and `Expand`, ends of `Slice`, and tables over
    the positions, which become the function of the position that gives them. Where the graph stays limited to some sizes, an error names the node.

    ```mlir
    func.func @main(%ids: tensor<1x9xi64> {onnx.name = "ids", onnx.dims = ["1", "9"]}) -> (tensor<1x9x2x4xf32> {onnx.name = "y"}) {
      %table = onnx.Constant dense<1.0> : tensor<5x8xf32>
      %x = onnx.Gather %table, %ids {axis = 0 : i64} : (tensor<5x8xf32>, tensor<1x9xi64>) -> tensor<1x9x8xf32>
      %shape = onnx.Constant dense<[1, 9, 2, 4]> : tensor<4xi64>
      %y = onnx.Reshape %x, %shape {allowzero = 0 : i64} : (tensor<1x9x8xf32>, tensor<4xi64>) -> tensor<1x9x2x4xf32>
      return %y : tensor<1x9x2x4xf32>
    }
    ```
    becomes
    ```mlir
    func.func @main(%ids: tensor<?x?xi64> {onnx.dims = ["batch", "sequence"], onnx.name = "ids"}) -> (tensor<?x?x2x4xf32> {onnx.name = "y"}) {
      ...
      %x = onnx.Gather %table, %ids : (tensor<5x8xf32>, tensor<?x?xi64>) -> tensor<?x?x8xf32>
      ...
      %y = onnx.Reshape %x, %shape : (tensor<?x?x8xf32>, tensor<4xi64>) -> tensor<?x?x2x4xf32>
      return %y : tensor<?x?x2x4xf32>
    }
    ```
  }];
  let options = [
    Option<"length", "length", "bool", "true", "the number of positions">,
    Option<"batch", "batch", "bool", "true", "the number of sequences">
  ];
}

def VerifyFormPass : Pass<"verify-form", "::mlir::ModuleOp"> {
  let summary = "checks the contract of a form";
  let description = [{
    Fails where the module is not in the form `name`, naming the op that does not belong:

    - `onnx`: functions hold only `onnx` ops, `hybrid.load_weight` and `func.return`; arguments and results have names.
    - `hybrid`: no `onnx` op is left, only ops of `hybrid`, `linalg`, `tensor`, `arith`, `math`, `scf`; tensors have no
      unsigned element types; arguments and results carry `hybrid.name` and `hybrid.dtype`.
    - `stateful`: the same, and `@prefill` and `@decode`, where there are such, carry `hybrid.state`.

    ```mlir
    func.func @main(%x: tensor<4xf32> {hybrid.name = "x", hybrid.dtype = "float32"}) -> (tensor<4xf32> {hybrid.name = "y", hybrid.dtype = "float32"}) {
      %y = onnx.Exp %x : (tensor<4xf32>) -> tensor<4xf32>
      return %y : tensor<4xf32>
    }
    ```
    fails with
    ```text
    error: does not belong to the form 'hybrid'
    ```
  }];
  let options = [Option<"form", "name", "std::string", "\"hybrid\"", "onnx, hybrid or stateful">];
}

#endif
