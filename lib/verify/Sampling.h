// How often and on what a function is evaluated.
#pragma once

#include "lib/verify/Trace.h"
#include "llvm/ADT/MapVector.h"

namespace jarana::verify {

/// How many elements each op decided by a drawn order, over all runs. What is
/// computed from weights alone counts once per draw of the weights, what is
/// computed from constants that are not drawn once.
class Decisions {
public:
  /// Inputs are drawn until each op has decided this many elements: one that
  /// decides otherwise shows with all but a chance of 2^-40.
  static constexpr uint64_t wanted = 40;

  explicit Decisions(bool drawsConstants) : drawsConstants(drawsConstants) {}
  void add(const Run &);
  /// The op with the fewest, and how many: nullptr where all have enough.
  /// `growing`: of those that further runs give more.
  std::pair<mlir::Operation *, uint64_t> fewest(bool growing) const;
  /// Whether the op decides the same with other inputs.
  static bool isOfWeights(mlir::Operation *op) {
    return originOf(op) != Origin::Inputs;
  }

private:
  enum class Origin { Constants, Weights, Inputs };
  static Origin originOf(mlir::Operation *);
  static Origin originOf(mlir::Value, int depth);
  bool isFixed(mlir::Operation *op) const {
    return !drawsConstants && originOf(op) == Origin::Constants;
  }

  bool drawsConstants;
  llvm::MapVector<mlir::Operation *, uint64_t> counts;
  llvm::DenseSet<uint64_t> weights; ///< draws of them
};

/// Evaluations of a function on drawn inputs.
struct Sampling {
  std::vector<Run> runs;
  Decisions decisions;
  std::string why; ///< a reason for which inputs are no runs
};

/// Evaluates the function at each of its small sizes, and then at the smallest
/// until ops have decided enough elements, or that takes too long.
/// `drawsWeights`: else they are what they are.
Sampling sample(Evaluator &, mlir::func::FuncOp, bool drawsWeights);

} // namespace jarana::verify
