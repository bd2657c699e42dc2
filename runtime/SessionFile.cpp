// Saved states: a safetensors file with one tensor per state, under the name of
// its input, and the position as metadata.
#include "runtime/Session.h"
#include "runtime/Status.h"

#include <algorithm>
#include <charconv>

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

static std::map<std::string, std::string> metadata(uint64_t position) {
  // Of fixed width, so that the size of a saved state does not depend on the
  // number.
  std::string digits = std::to_string(position);
  return {{"format", "jarana-state"},
          {"position", std::string(20 - digits.size(), '0') + digits}};
}

std::vector<std::byte> Session::save() const {
  return safetensors::serialize(savedEntries(), metadata(current.position));
}

uint64_t Session::savedBytes() const {
  std::vector<safetensors::Placement> placements;
  for (const auto &[name, entry] : savedEntries()) {
    uint64_t begin = placements.empty() ? 0 : placements.back().end;
    placements.push_back(
        {name, entry.dtype, entry.shape, begin, begin + entry.bytes});
  }
  return safetensors::header(placements, metadata(current.position)).size() +
         (placements.empty() ? 0 : placements.back().end);
}

void Session::saveFile(const std::string &path) const {
  try {
    safetensors::write(path, savedEntries(), metadata(current.position));
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
  const std::string &digits = position->second;
  auto [end, error] = std::from_chars(
      digits.data(), digits.data() + digits.size(), state.position);
  if (error != std::errc() || end != digits.data() + digits.size() ||
      state.position > uint64_t(INT64_MAX))
    refuse("'" + name + "': position '" + digits + "' is not a number");
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
