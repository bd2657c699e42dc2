// Saved states: a safetensors file with one tensor per state, under the name of
// its input, and the position as metadata.
#include "runtime/Session.h"
#include "runtime/Status.h"

#include <algorithm>
#include <charconv>
#include <sstream>

namespace jarana::runtime {

std::map<std::string, safetensors::Entry> Session::savedEntries() const {
  std::map<std::string, safetensors::Entry> entries;
  for (size_t i = 0; i < states.size(); ++i) {
    const Parameter &parameter = executor.entry().inputs[states[i].input];
    entries[parameter.name] = {
        bundle::safetensorsDtype(dtypeName(parameter.dtype)), current.shapes[i],
        current.values[i].data(),
        static_cast<uint64_t>(tensorBytes(parameter.dtype, current.shapes[i]))};
  }
  return entries;
}

/// Of fixed width, so that the size of a saved state does not depend on the
/// number.
static std::string wide(uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(20 - digits.size(), '0') + digits;
}

static std::map<std::string, std::string> metadata(const StateValues &state) {
  std::map<std::string, std::string> result = {
      {"format", "jarana-state"}, {"position", wide(state.position)}};
  std::string padding;
  for (uint64_t count : state.padding)
    padding += (padding.empty() ? "" : ",") + wide(count);
  if (!padding.empty())
    result["padding"] = padding;
  return result;
}

/// A number that is at most that of positions which a state can have.
static uint64_t readNumber(const std::string &digits, const std::string &what) {
  uint64_t number = 0;
  auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      number > uint64_t(INT64_MAX))
    refuse(what + " '" + digits + "' is not a number");
  return number;
}

std::vector<std::byte> Session::save() const {
  return safetensors::serialize(savedEntries(), metadata(current));
}

uint64_t Session::savedBytes() const {
  std::vector<safetensors::Placement> placements;
  for (const auto &[name, entry] : savedEntries()) {
    uint64_t begin = placements.empty() ? 0 : placements.back().end;
    placements.push_back(
        {name, entry.dtype, entry.shape, begin, begin + entry.bytes});
  }
  return safetensors::header(placements, metadata(current)).size() +
         (placements.empty() ? 0 : placements.back().end);
}

void Session::saveFile(const std::string &path) const {
  try {
    safetensors::write(path, savedEntries(), metadata(current));
  } catch (const Error &e) {
    throw StatusError(JARANA_IO, e.what());
  }
}

void Session::load(const safetensors::File &file, const std::string &name) {
  auto format = file.metadata().find("format"),
       position = file.metadata().find("position");
  if (format == file.metadata().end() || format->second != "jarana-state" ||
      position == file.metadata().end())
    refuse("'" + name + "' is not a saved state");
  StateValues state;
  state.position = readNumber(position->second, "'" + name + "': the position");
  if (auto padding = file.metadata().find("padding");
      padding != file.metadata().end()) {
    std::istringstream counts(padding->second);
    for (std::string count; std::getline(counts, count, ',');)
      state.padding.push_back(readNumber(count, "'" + name + "': the padding"));
    if (state.padding.size() != options.batch)
      refuse("'" + name + "' has padding for a batch of " +
             std::to_string(state.padding.size()));
    checkPads();
  }
  if (file.entries().size() != states.size())
    refuse("'" + name + "' has " + std::to_string(file.entries().size()) +
           " states, the model has " + std::to_string(states.size()));
  for (const State &slot : states) {
    const Parameter &parameter = executor.entry().inputs[slot.input];
    try {
      const safetensors::Entry &entry = file.at(parameter.name);
      Shape expected = initialShape(slot);
      if (slot.pastDim >= 0)
        expected[slot.pastDim] = static_cast<int64_t>(state.position);
      if (entry.dtype != bundle::safetensorsDtype(dtypeName(parameter.dtype)) ||
          entry.shape != expected)
        refuse("tensor '" + parameter.name + "' is " + entry.dtype + " " +
               print(entry.shape) + ", expected " + dtypeName(parameter.dtype) +
               " " + print(expected) + " (another model or batch?)");
      Buffer value;
      value.reserve(entry.bytes);
      std::copy_n(entry.data, entry.bytes, value.data());
      state.shapes.push_back(entry.shape);
      state.values.push_back(std::move(value));
    } catch (const StatusError &e) {
      throw StatusError(e.status, "'" + name + "': " + e.what());
    } catch (const Error &e) {
      refuse(e.what());
    }
  }
  restore(state);
}

} // namespace jarana::runtime
