// What both sides of a proposal are evaluated on.
#pragma once

#include "lib/reference/Tensor.h"
#include "passes/raise/recognise/Samples.h"
#include "passes/raise/recognise/Slice.h"

namespace jarana::raise::recognise {

/// The seed of a proposal's first input; the others follow it.
inline constexpr uint64_t kFirstSeed = 2024;

/// Samples of groups that fit the budget.
struct AffordableSamples {
  /// The cheap ones first: what is wrong is found out quickly. Alternatives of
  /// one group are together, in their order.
  std::vector<Sample> samples;
  llvm::DenseSet<size_t> required; ///< groups of which one must be tried
  std::string tooLarge; ///< a required sample that takes too long; or empty
};

/// Makes the arguments of the functions that a proposal's sides were cut into.
class TrialInputs {
public:
  TrialInputs(Graph &graph, const Proposal &proposal)
      : graph(graph), proposal(proposal) {}

  /// How an argument of the graph is filled; nothing where the proposal does
  /// not say.
  std::optional<Fill> fillOf(mlir::Value argument) const;

  /// Called with a tensor, whether its floats are drawn, and its seed.
  using Add = llvm::function_ref<void(reference::Tensor, bool, uint64_t)>;
  /// Calls `add` for each argument of one side, in order; false where there are
  /// no such tensors, and `message` says why. `blank`: floats that would be
  /// random are zeros, as the caller draws residues for them.
  bool forEach(const Sliced &side, const Sample &sample, bool blank,
               std::string &message, Add add) const;

  AffordableSamples affordable(const Sliced &cut, const Sliced &made) const;

private:
  mlir::FailureOr<reference::Tensor> tensorFor(mlir::Value value,
                                               std::optional<Fill> fill,
                                               const Sample &sample,
                                               uint64_t seed, bool blank) const;

  Graph &graph;
  const Proposal &proposal;
};

} // namespace jarana::raise::recognise
