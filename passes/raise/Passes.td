// Passes from the onnx form to the hybrid form.
#ifndef JARANA_RAISE_PASSES_TD
#define JARANA_RAISE_PASSES_TD

include "mlir/Pass/PassBase.td"

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

def VerifyFormPass : Pass<"verify-form", "::mlir::ModuleOp"> {
  let summary = "checks the contract of a form";
  let description = [{
    Fails where the module is not in the form `name`, naming the op that does not belong:

    - `onnx`: functions hold only `onnx` ops, `hybrid.load_weight` and `func.return`; arguments and results have names.
    - `hybrid`: no `onnx` op is left, only ops of `hybrid`, `linalg`, `tensor`, `arith`, `math`, `scf`; tensors have no
      unsigned element types; arguments and results carry `hybrid.name` and `hybrid.dtype`.

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
  let options = [Option<"form", "name", "std::string", "\"hybrid\"", "onnx or hybrid">];
}

#endif
