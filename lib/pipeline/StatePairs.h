// Which input of a graph is the state that an output is the next value of.
#pragma once

#include "lib/pipeline/Dataflow.h"
#include "runtime/Manifest.h"

#include <optional>
#include <string>

namespace jarana::pipeline {

/// What a pair must know of the new tokens: the texts of their sizes; empty
/// where the graph has none.
struct TokenSizes {
  std::string batch, length;
};

struct StatePair {
  size_t input, output;
};

/// "float32 [batch, 2, past, 16]"
std::string describe(const bundle::TensorSpec &spec);

/// Whether `output` may be the next value of `input`: of the same type, all
/// dimensions equal but at most one, which grows by the new tokens. `grows`
/// receives it, or -1.
bool canBePair(const bundle::TensorSpec &input,
               const bundle::TensorSpec &output, const TokenSizes &tokens,
               int &grows);

/// Pairs the inputs and outputs that are not `taken`, by their types and by
/// what is computed from what: the next value of a layer's state depends on
/// that state and on those of the layers below, which are paired first. Names
/// decide where that leaves a choice. Sorted by the inputs.
std::vector<StatePair> pairStates(const bundle::EntrySpec &signature,
                                  const Dependencies &dependencies,
                                  const TokenSizes &tokens,
                                  const llvm::BitVector &takenInputs,
                                  const llvm::BitVector &takenOutputs);

/// The words of a name, in lower case, and its numbers: "past_key_self_0" has
/// "past", "key", "self" and "0".
std::vector<std::string> wordsOf(const std::string &name);

/// "conv", "ssm", "key", "value", "key_value" (both in one tensor) or "other".
std::string kindOfState(const std::string &name, bool holdsPositions);

} // namespace jarana::pipeline
