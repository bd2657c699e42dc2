// Evaluations of a function that can be compared with later ones.
#pragma once

#include "lib/reference/Interpreter.h"
#include "lib/verify/Samples.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"

namespace jarana::verify {

using reference::ExactTensor;
using ExactTensors = std::vector<ExactTensor>;

/// A function on one sample.
struct Run {
  ExactTensors inputs;
  uint64_t weights = 0; ///< what its weights are drawn by, see Reading
  ExactTensors outputs; ///< none where it was refused or failed
  /// One per output: which elements depend on what an operator leaves
  /// undefined. Empty where there is no such operator.
  std::vector<llvm::BitVector> undefined;
  bool refused = false;
  bool dividedByZero = false; ///< failed, and may not with other inputs
  std::string error;          ///< why it was refused or failed
  /// Hashes of the inputs and of what ops gave, loops' bodies included.
  llvm::DenseSet<uint64_t> values;
  /// How many elements each op decided by a drawn order.
  llvm::MapVector<mlir::Operation *, uint64_t> decisions;
  bool succeeded() const { return error.empty(); }
};

/// An op of a function's block and the hashes of its operands and results.
struct TracedOp {
  mlir::Operation *op;
  llvm::SmallVector<uint64_t, 4> operands, results;
};

/// Evaluates functions of a module as it is now.
class Evaluator {
public:
  using Cache = reference::WeightCacheOf<reference::Exact>;
  /// `reading` is that of all runs, but for the seeds.
  explicit Evaluator(mlir::ModuleOp, std::shared_ptr<Cache> = {},
                     reference::Reading reading = {});
  /// `weights` draws those; 0: they are what they are. With `trace`, the ops of
  /// the function's own block are put there, in order.
  Run run(mlir::func::FuncOp, ExactTensors inputs, uint64_t weights,
          std::vector<TracedOp> *trace = nullptr);

  /// For the runs to come: numbers have places on the real line.
  void usePlaces(bool use) { reading.usesPlaces = use; }
  bool usesPlaces() const { return reading.usesPlaces; }
  bool drawsConstants() const { return reading.drawsConstants; }

private:
  using Interpreter = reference::InterpreterOf<reference::Exact>;
  void observe(mlir::Operation &, const Interpreter::Results &);

  reference::Reading reading;
  Run *current = nullptr; ///< null: nothing is noted
  std::vector<TracedOp> *trace = nullptr;
  mlir::Block *traced = nullptr;
  llvm::DenseMap<mlir::Value, uint64_t> hashes;
  Interpreter interpreter;
};

/// The first op of a trace whose value was not there before, and does not lead
/// to one that was: nullptr where there is none.
mlir::Operation *firstUnexplained(const std::vector<TracedOp> &trace,
                                  const llvm::DenseSet<uint64_t> &before);

} // namespace jarana::verify
