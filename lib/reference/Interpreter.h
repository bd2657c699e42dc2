// Evaluates functions in onnx or hybrid form with the reference operators, and
// what the passes make of them, down to buffers.
#pragma once

#include "lib/reference/ModelNumbers.h"
#include "lib/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <memory>
#include <optional>

namespace jarana::reference {

/// Evaluates `function` (onnx ops, hybrid ops, weights, constants, func.call;
/// Scan and its region; linalg, tensor, arith, math, scf and affine, see
/// tensor/Handlers.h) on `inputs`, one per argument, over the scalars `Real`:
/// double, rounded after each op, or Exact. Diagnostics name the op that
/// failed. Weights are read from the files that they refer to, and kept for the
/// interpreter's life, or the cache's.
template <class Real> class InterpreterOf {
public:
  using TensorPtr = std::shared_ptr<const TensorOf<Real>>;
  /// Called after each op with its results.
  using Results = std::vector<TensorPtr>;
  using Observer = std::function<void(mlir::Operation &, const Results &)>;

  explicit InterpreterOf(mlir::ModuleOp module, Observer observer = {},
                         Reading reading = {},
                         std::shared_ptr<WeightCacheOf<Real>> cache = {});
  ~InterpreterOf();
  mlir::FailureOr<std::vector<TensorOf<Real>>>
  run(mlir::func::FuncOp function, std::vector<TensorOf<Real>> inputs);

  /// Where the last run failed as the function does not take such inputs
  /// (hybrid.check, cf.assert): the message. There is no diagnostic then.
  const std::optional<std::string> &refusal() const;
  /// For the runs to come.
  void setReading(Reading);
  /// Whether there was an operator in the last run that leaves some of its
  /// results undefined.
  bool leftUndefined() const;
  /// Whether the last run failed as a drawn number was divided by zero
  /// (ZeroDivisor): with other inputs it may not.
  bool dividedByZero() const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};
using Interpreter = InterpreterOf<double>;

} // namespace jarana::reference
