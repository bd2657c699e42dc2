// Evaluates functions in onnx or hybrid form with the reference operators, and
// what the passes make of them, down to buffers.
#pragma once

#include "lib/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <tuple>

namespace jarana::reference {

/// How an evaluation over residues takes a graph; one over floats takes it as
/// it is written.
struct Reading {
  /// As recognise-operators takes it. Onnx operators on single numbers that
  /// nothing drawn enters are computed in floats, rounding included, as a
  /// compiler folds them; the exponential of a weight and the product with a
  /// matrix of weights are numbers like others, with a residue modulo q, so
  /// that exp's law holds for them; attributes count as they were before they
  /// were rounded (kUnroundedScale).
  bool recognising = false;
  /// Other than 0: the numbers of weights are drawn by it, equal ones alike; 0,
  /// 1 and -1 are kept.
  uint64_t weights = 0;
  /// Those of other constants too that have several: an A_log of few heads.
  bool drawsConstants = false;
  /// Numbers have places on the real line (ExactPlaces).
  bool usesPlaces = false;
  /// Other than 0: what an operator leaves undefined is drawn by it, so that
  /// what depends on that differs from one seed to the next. 0: it is zeros.
  uint64_t undefined = 0;
};

/// Weights as scalars, by what the module says of them: for interpreters of one
/// context that follow each other, such as before and after a pass.
template <class Real> struct WeightCacheOf {
  /// The value, that of the weight that it is derived from, the type, the seed
  /// that it was drawn by.
  using Key = std::tuple<const void *, const void *, const void *, uint64_t>;
  std::map<Key, std::shared_ptr<const TensorOf<Real>>> tensors;
};

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
