// Evaluates functions in onnx or hybrid form with the reference operators.
#pragma once

#include "lib/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace jarana::reference {

/// Evaluates `function` (onnx ops, hybrid ops, weights, constants, func.call;
/// Scan and its region) on `inputs`, one per argument. Diagnostics name the op
/// that failed. Weights are read from the files that they refer to, and kept
/// for the Interpreter's life.
class Interpreter {
public:
  explicit Interpreter(mlir::ModuleOp module);
  ~Interpreter();
  mlir::FailureOr<std::vector<Tensor>> run(mlir::func::FuncOp function,
                                           std::vector<Tensor> inputs);

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace jarana::reference
