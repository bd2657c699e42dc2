#include "Memory.h"

#include "runtime/Executor.h"

#include <cstdio>

using nlohmann::ordered_json;

namespace jarana::tools {
namespace {

/// The scratch bytes of a call of `entry` with `tokens` new tokens after
/// `past`.
int64_t arenaBytes(const std::shared_ptr<const runtime::Bundle> &bundle,
                   const std::string &entry, int64_t batch, int64_t past,
                   int64_t tokens) {
  const bundle::StateSpec &state = *bundle->manifest().state;
  runtime::Executor executor(bundle, entry, runtime::makeTeam(*bundle, 1));
  const runtime::Entry &function = executor.entry();
  const runtime::Parameter &ids = function.inputs[function.input(state.ids)];
  std::vector<runtime::Shape> shapes;
  for (const runtime::Parameter &input : function.inputs) {
    runtime::Shape shape = input.shape;
    for (size_t d = 0; d < shape.size(); ++d) {
      if (shape[d] >= 0)
        continue;
      bool isBatch =
          d == 0 && (input.symbols[d] == ids.symbols[0] || shape.size() > 1);
      bool isMask = input.name == state.mask,
           isNew = input.name == state.ids || input.name == state.positions;
      shape[d] = isBatch  ? batch
                 : isMask ? past + tokens
                 : isNew  ? tokens
                          : past;
    }
    shapes.push_back(std::move(shape));
  }
  executor.plan(shapes);
  return executor.scratchBytes();
}

std::string withUnit(uint64_t bytes) {
  char text[64];
  const char *units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 1024 && unit < 4; ++unit)
    value /= 1024;
  std::snprintf(text, sizeof text, unit ? "%.2f %s" : "%.0f %s", value,
                units[unit]);
  return text;
}

} // namespace

ordered_json memoryReport(const MemoryReport &memory, const std::string &path,
                          uint64_t batch, uint64_t length) {
  ordered_json report = {
      {"weight_bytes", memory.weightBytes},
      {"batch", batch},
      {"length", length},
      {"state_bytes_per_sequence", memory.stateBytes},
      {"context_bytes_per_token", memory.contextBytes},
      {"state_bytes",
       batch * (memory.stateBytes + length * memory.contextBytes)},
      {"scans", memory.scans},
      {"attentions", memory.attentions}};
  if (memory.transformerBytes) {
    report["transformer"] = {
        {"context_bytes_per_token", memory.transformerBytes},
        {"state_bytes", batch * length * memory.transformerBytes}};
  }
  if (path.empty())
    return report;
  try {
    auto bundle = runtime::Bundle::open(path, 0);
    if (const auto &state = bundle->manifest().state) {
      const std::string &step =
          state->decode.empty() ? state->entry : state->decode;
      auto b = static_cast<int64_t>(batch), l = static_cast<int64_t>(length);
      report["arena_bytes"] = {
          {"prefill", arenaBytes(bundle, state->entry, b, 0, l)},
          {"decode", arenaBytes(bundle, step, b, l, 1)}};
    }
  } catch (const Error &) {
    // Code for another machine: nothing is said of it.
  }
  return report;
}

std::string printMemoryReport(const ordered_json &report) {
  std::string text = "memory, for " + report["batch"].dump() +
                     " sequences of " + report["length"].dump() + " tokens\n";
  auto line = [&](const std::string &what, uint64_t bytes) {
    text += "  " + what + ": " + withUnit(bytes) + " (" +
            std::to_string(bytes) + " bytes)\n";
  };
  line("weights", report["weight_bytes"]);
  line("state of fixed size, per sequence", report["state_bytes_per_sequence"]);
  line("keys and values, per token of context",
       report["context_bytes_per_token"]);
  line("all states", report["state_bytes"]);
  if (report.contains("arena_bytes")) {
    line("scratch memory of the prefill", report["arena_bytes"]["prefill"]);
    line("scratch memory of a step", report["arena_bytes"]["decode"]);
  }
  if (report.contains("transformer")) {
    text += "  with attention in place of its " + report["scans"].dump() +
            " scans:\n";
    line("  keys and values, per token of context",
         report["transformer"]["context_bytes_per_token"]);
    line("  all states", report["transformer"]["state_bytes"]);
  }
  return text;
}

} // namespace jarana::tools
