// The two sides of a proposal over residues: equal, or not, without a
// tolerance (docs/exact.md).
#pragma once

#include "lib/reference/Exact.h"
#include "lib/reference/Interpreter.h"
#include "passes/raise/recognise/CutKey.h"
#include "passes/raise/recognise/Degree.h"
#include "passes/raise/recognise/Slice.h"

#include <map>

namespace jarana::raise::recognise {

using reference::ExactTensor;

/// Evaluates functions of one module, and keeps count of what a claim of their
/// equality rests on.
class ExactCheck {
public:
  ExactCheck(mlir::ModuleOp module, OwnNumbers numbers);

  /// The tensor with drawn residues where `drawn`, else with its own numbers.
  /// Integers stay what they are.
  static ExactTensor inputFrom(reference::Tensor tensor, bool drawn,
                               uint64_t seed);

  /// `draw`: the number of the draw, for the module's own numbers.
  mlir::FailureOr<std::vector<ExactTensor>>
  evaluate(mlir::func::FuncOp function, std::vector<ExactTensor> inputs,
           uint64_t draw);
  /// Whether that failed in a way that other inputs may not.
  bool dividedByZero() const { return interpreter.dividedByZero(); }

  /// Notes that the outputs of two functions, evaluated last, were equal in a
  /// trial of `sample`.
  void noteTrial(size_t sample, mlir::ValueRange left, mlir::ValueRange right);
  int trialsOf(size_t sample) const;
  int trials() const { return allTrials; }

  /// log2 of the chance that a different function would have passed at the
  /// given sample.
  double logBoundOf(size_t sample) const;
  /// The greatest over all samples, and that a decision was never seen to
  /// differ: 1/2 for each element that an op decided.
  double logBound() const;
  /// Of the op that decided the fewest elements.
  double logBoundOfDecisions() const;
  bool assumesAnything() const { return !assumed.empty(); }
  /// "float casts are the identity ('/Cast')", sorted.
  std::vector<std::string> assumptions() const;

private:
  using Interpreter = reference::InterpreterOf<reference::Exact>;
  void observe(mlir::Operation &op, const Interpreter::Results &results);

  OwnNumbers numbers;
  DegreeTracker degrees;
  std::map<mlir::Operation *, uint64_t> decisions;
  std::map<reference::Assumption, std::string> assumed; // and where first
  struct Trials {
    int count = 0;
    double degree = 1;
  };
  std::map<size_t, Trials> bySample;
  int allTrials = 0;
  Interpreter interpreter;
};

/// Where two tensors of one shape first differ ("[0, 17, 3]"), counting only
/// elements where `counts` (null: all) is not 0; empty: nowhere. `telling` is
/// set where an element is not zero.
std::string firstDifference(const ExactTensor &expected,
                            const ExactTensor &found, const ExactTensor *counts,
                            bool &telling);

} // namespace jarana::raise::recognise
