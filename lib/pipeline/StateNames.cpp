#include "lib/pipeline/StateNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSet.h"

namespace jarana::pipeline {
namespace {

/// How exporters spell a state and its next value: the rest of the name is the
/// same in both.
struct Spelling {
  llvm::StringLiteral input, output;
};
constexpr Spelling spellings[] = {
    {"past_key_values.", "present."}, // mobius, onnxruntime-genai, optimum
    {"past_states.", "present."},     // mobius, graphs without attention
    {"past_conv.", "present_conv."},  // transformers.js
    {"past_ssm.", "present_ssm."},    // transformers.js
    {"cache_params.past.", "cache_params.present."}, // optimum-intel
    {"input.past_key_values.",
     "output.past_key_values."}, // Hugging Face's exporter
};

/// What a state is, by a part of its name.
struct Kind {
  llvm::StringLiteral part, kind;
};
constexpr Kind kinds[] = {
    {"conv", "conv"},     {"ssm", "ssm"},       {"recurrent", "ssm"},
    {".keys", "key"},     {".values", "value"}, {".key.", "key"},
    {".value.", "value"}, {".key", "key"},      {".value", "value"},
};

std::string kindOf(llvm::StringRef name, llvm::StringRef rest) {
  // The prefix "past_key_values" says nothing, "past_conv" does.
  llvm::StringRef telling =
      name.starts_with("past_conv") || name.starts_with("past_ssm") ? name
                                                                    : rest;
  std::string dotted = ("." + telling).str();
  for (const Kind &kind : kinds)
    if (llvm::StringRef(dotted).contains(kind.part))
      return kind.kind.str();
  return "";
}

} // namespace

std::optional<bundle::StateSpec>
findStates(const std::string &entry, const bundle::EntrySpec &signature) {
  llvm::StringSet<> outputs;
  for (const bundle::TensorSpec &output : signature.outputs)
    outputs.insert(output.name);
  bundle::StateSpec state;
  state.entry = entry;
  for (const bundle::TensorSpec &input : signature.inputs) {
    llvm::StringRef name = input.name;
    if (name == "input_ids")
      state.ids = name.str();
    else if (name == "attention_mask")
      state.mask = name.str();
    else if (name == "position_ids")
      state.positions = name.str();
    for (const Spelling &spelling : spellings) {
      if (!name.starts_with(spelling.input))
        continue;
      llvm::StringRef rest = name.drop_front(spelling.input.size());
      std::string next = (spelling.output + rest).str(),
                  kind = kindOf(name, rest);
      if (!outputs.contains(next) || kind.empty())
        return std::nullopt;
      state.tensors.push_back({name.str(), next, kind});
      break;
    }
  }
  if (outputs.contains("logits"))
    state.logits = "logits";
  if (state.ids.empty() || state.logits.empty() || state.tensors.empty())
    return std::nullopt;
  return state;
}

} // namespace jarana::pipeline
