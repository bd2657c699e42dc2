// Passes that change nothing: they evaluate. The examples are lit tests.
#ifndef JARANA_VERIFY_PASSES_TD
#define JARANA_VERIFY_PASSES_TD

include "mlir/Pass/PassBase.td"

def EvaluatePass : Pass<"evaluate", "::mlir::ModuleOp"> {
  let summary = "evaluates a function on drawn inputs, or compares two";
  let description = [{
    Runs the reference evaluator on a function of tensors: of the onnx form,
    the hybrid form, or what the passes make of it down to buffers. Inputs are
    drawn by `seed` and the arguments' names (floats from [-1, 1), or residues
    in the exact domain; integers are small, masks and positions are what their
    names say), dynamic dimensions are those of `sizes`. What is printed goes to
    the standard output, before the module.

    With `equals`, the other function gets the same inputs, and it is an error
    where an output differs in any bit of it (`double`), or in a residue
    (`exact`, the default: docs/exact.md).

    ```mlir
    func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
      %0 = arith.addf %x, %x : tensor<2xf32>
      return %0 : tensor<2xf32>
    }
    func.func @twice(%x: tensor<2xf32>) -> tensor<2xf32> {
      %two = arith.constant dense<2.0> : tensor<2xf32>
      %0 = arith.mulf %x, %two : tensor<2xf32>
      return %0 : tensor<2xf32>
    }
    ```
    `--evaluate="function=main equals=twice"` prints `@main and @twice are equal`.
  }];
  let options = [
    Option<"function", "function", "std::string", "\"main\"", "the function to evaluate">,
    Option<"equals", "equals", "std::string", "\"\"", "a function that must give the same">,
    ListOption<"sizes", "sizes", "std::string", "sizes of dynamic dimensions: batch=2,seq=17 (arg0.1: dimension 1 of argument 0, where it has no name)">,
    Option<"seed", "seed", "uint64_t", "1", "what inputs are drawn by">,
    Option<"weights", "weights", "uint64_t", "0", "not 0: what weights and constants of several numbers are drawn by, in the exact domain">,
    Option<"domain", "domain", "std::string", "\"exact\"", "exact: residues modulo two primes; double: numbers, rounded after each op">
  ];
}

#endif
