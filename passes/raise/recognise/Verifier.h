// Whether a proposal computes what the graph computes.
#pragma once

#include "passes/raise/recognise/Parting.h"
#include "passes/raise/recognise/Samples.h"

#include <map>

namespace jarana::raise::recognise {

/// What a check found.
struct Evidence {
  std::string reason;  ///< why the proposal does not hold; empty: it does
  std::string shapes;  ///< where it was checked: "batch=1 seq=1, ..."
  int trials = 0;      ///< exact ones
  int passed = 0;      ///< exact ones in which both sides were equal
  double logBound = 0; ///< log2 of the chance that another function passed them
  std::vector<std::string> assumptions; ///< that the exact trials made, where
  /// The largest difference of floats, relative to the largest value.
  double error = 0;
  uint64_t seed = 0;
  /// Where an exact trial differs: therefore it does not hold.
  std::optional<Sample> differsAt;
  /// Where the sides part, once it was looked for: no text where nobody knows.
  std::optional<Parting> parting;
  std::string partsAt; ///< that op: "Gather 'node_select' (...)"
  bool holds() const { return reason.empty(); }
};

/// The ops that a cut holds, those of constants and shapes aside.
struct CutOps {
  size_t count = 0;
  std::string first, last; ///< names of nodes
};

/// Evaluates cuts and candidates on random inputs: over residues, where they
/// must be equal, and in floats, where they must be close, for what the exact
/// evaluation takes for granted. Either one refuses. Cuts that are equal but
/// for the values that enter them are evaluated once.
class Verifier {
public:
  explicit Verifier(Graph &graph) : graph(graph) {}

  /// Compares the proposal's outputs with `candidate`, values of the graph that
  /// should be equal to them, one each. `ops` describes the cut. `explain`: the
  /// reason names the op where the sides part, which takes many evaluations.
  Evidence verify(const Proposal &proposal, mlir::ValueRange candidate,
                  bool explain, CutOps &ops);

private:
  Graph &graph;
  std::map<std::string, Evidence> known;
};

} // namespace jarana::raise::recognise
