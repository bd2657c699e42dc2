#include "lib/pipeline/StatePairs.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace jarana::pipeline {
namespace {

std::string textOf(const bundle::Dim &dim) {
  return dim.symbol.empty() ? std::to_string(dim.size) : dim.symbol;
}

/// Words that say which end of a step a name is at, and nothing else.
bool isSide(const std::string &word) {
  static constexpr llvm::StringLiteral sides[] = {
      "past", "present", "in",  "input", "out",     "output",  "new",
      "next", "prev",    "old", "last",  "updated", "current", "previous"};
  return llvm::is_contained(sides, word);
}

/// How many words two names share.
unsigned likeness(const std::string &a, const std::string &b) {
  std::vector<std::string> left = wordsOf(a), right = wordsOf(b), both;
  llvm::erase_if(left, isSide);
  llvm::erase_if(right, isSide);
  llvm::sort(left);
  llvm::sort(right);
  std::set_intersection(left.begin(), left.end(), right.begin(), right.end(),
                        std::back_inserter(both));
  return both.size();
}

bool isStateType(const std::string &dtype) {
  llvm::StringRef name = dtype;
  return name.contains("float") || name == "int8" || name == "uint8";
}

/// The pairs that are possible, and those that are made.
class Pairing {
public:
  Pairing(const bundle::EntrySpec &signature, const Dependencies &dependencies,
          const TokenSizes &tokens, const llvm::BitVector &takenInputs,
          const llvm::BitVector &takenOutputs)
      : signature(signature) {
    for (size_t o = 0; o < signature.outputs.size(); ++o) {
      llvm::BitVector inputs(signature.inputs.size());
      for (size_t i = 0; i < signature.inputs.size(); ++i) {
        int grows = -1;
        if (!takenOutputs[o] && !takenInputs[i] && dependencies[o][i] &&
            isStateType(signature.inputs[i].dtype) &&
            canBePair(signature.inputs[i], signature.outputs[o], tokens, grows))
          inputs.set(i);
      }
      candidates.push_back(inputs);
    }
  }

  std::vector<StatePair> run() {
    while (std::optional<StatePair> pair = next()) {
      pairs.push_back(*pair);
      candidates[pair->output].reset();
      for (llvm::BitVector &inputs : candidates)
        inputs.reset(pair->input);
    }
    llvm::sort(pairs,
               [](StatePair a, StatePair b) { return a.input < b.input; });
    return std::move(pairs);
  }

private:
  /// Of the outputs with the fewest possible inputs, the pair whose names are
  /// most alike; in the order of the graph where several are.
  std::optional<StatePair> next() const {
    std::optional<StatePair> best;
    unsigned fewest = 0, alike = 0;
    for (size_t o = 0; o < candidates.size(); ++o) {
      unsigned count = candidates[o].count();
      if (count == 0 || (best && count > fewest))
        continue;
      for (unsigned i : candidates[o].set_bits()) {
        unsigned like =
            likeness(signature.inputs[i].name, signature.outputs[o].name);
        if (best && count == fewest && like <= alike)
          continue;
        best = StatePair{i, o};
        fewest = count;
        alike = like;
      }
    }
    return best;
  }

  const bundle::EntrySpec &signature;
  std::vector<llvm::BitVector> candidates; // per output
  std::vector<StatePair> pairs;
};

} // namespace

std::vector<std::string> wordsOf(const std::string &name) {
  std::vector<std::string> words;
  char before = 0;
  for (char c : name) {
    bool joins = llvm::isAlnum(c) && llvm::isAlnum(before) &&
                 llvm::isDigit(c) == llvm::isDigit(before) &&
                 !(llvm::isUpper(c) && llvm::isLower(before));
    if (llvm::isAlnum(c)) {
      if (!joins)
        words.emplace_back();
      words.back() += llvm::toLower(c);
    }
    before = c;
  }
  return words;
}

std::string describe(const bundle::TensorSpec &spec) {
  std::string text = spec.dtype + " [";
  for (const bundle::Dim &dim : spec.shape)
    text += (text.back() == '[' ? "" : ", ") + textOf(dim);
  return text + "]";
}

bool canBePair(const bundle::TensorSpec &input,
               const bundle::TensorSpec &output, const TokenSizes &tokens,
               int &grows) {
  grows = -1;
  if (input.dtype != output.dtype || input.shape.empty() ||
      input.shape.size() != output.shape.size())
    return false;
  for (size_t d = 0; d < input.shape.size(); ++d) {
    const bundle::Dim &from = input.shape[d], &to = output.shape[d];
    std::string before = textOf(from), after = textOf(to);
    // What has a place per new token is no state.
    if (!tokens.length.empty() && !from.symbol.empty() &&
        (before == tokens.length || after == tokens.length))
      return false;
    if (before == after && before != "?")
      continue;
    if (from.symbol.empty() || to.symbol.empty())
      return false;
    if (after == tokens.batch)
      continue;
    if (grows >= 0)
      return false;
    grows = static_cast<int>(d);
  }
  return true;
}

std::vector<StatePair> pairStates(const bundle::EntrySpec &signature,
                                  const Dependencies &dependencies,
                                  const TokenSizes &tokens,
                                  const llvm::BitVector &takenInputs,
                                  const llvm::BitVector &takenOutputs) {
  return Pairing(signature, dependencies, tokens, takenInputs, takenOutputs)
      .run();
}

std::string kindOfState(const std::string &name, bool holdsPositions) {
  std::vector<std::string> words = wordsOf(name);
  auto has = [&](std::initializer_list<llvm::StringRef> any) {
    return llvm::any_of(words, [&](const std::string &word) {
      return llvm::is_contained(any, word);
    });
  };
  // The prefix "past_key_values" says nothing of which of them a state is.
  for (size_t i = 0; i + 1 < words.size(); ++i)
    if (words[i] == "key" && words[i + 1] == "values") {
      words.erase(words.begin() + i, words.begin() + i + 2);
      break;
    }
  bool key = has({"key", "keys", "k"}), value = has({"value", "values", "v"});
  std::string lower = llvm::StringRef(name).lower();
  llvm::StringRef text = lower;
  if (!holdsPositions && text.contains("conv"))
    return "conv";
  if (!holdsPositions && (text.contains("ssm") || text.contains("recurrent")))
    return "ssm";
  if (key != value)
    return key ? "key" : "value";
  return holdsPositions ? "key_value" : "other";
}

} // namespace jarana::pipeline
