// manifest.json: parsing with checks, and printing.
#include "runtime/Manifest.h"
#include "lib/safetensors/Safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using nlohmann::json;

namespace jarana::bundle {
namespace {

struct TypeName {
  const char *numpy, *safetensors;
};
constexpr TypeName typeNames[] = {
    {"float32", "F32"}, {"float16", "F16"}, {"bfloat16", "BF16"},
    {"float64", "F64"}, {"int8", "I8"},     {"uint8", "U8"},
    {"int16", "I16"},   {"uint16", "U16"},  {"int32", "I32"},
    {"uint32", "U32"},  {"int64", "I64"},   {"uint64", "U64"},
    {"bool", "BOOL"}};

constexpr const char *kinds[] = {"conv",  "ssm",       "key",
                                 "value", "key_value", "other"};

/// In the order of Number.
constexpr const char *numberNames[] = {"one",   "past",      "last",
                                       "total", "continues", "positions"};

/// A JSON value and the words that say where it is.
struct Field {
  const json &value;
  std::string where;

  Field at(const std::string &key) const {
    if (!value.is_object())
      throw Error(where + " must be an object");
    auto found = value.find(key);
    if (found == value.end())
      throw Error(where + " has no '" + key + "'");
    return {*found, where == "the manifest" ? "'" + key + "'"
                                            : "'" + key + "' of " + where};
  }
  bool has(const std::string &key) const {
    return value.is_object() && value.contains(key);
  }
  std::string text() const {
    if (!value.is_string())
      throw Error(where + " must be a string");
    auto result = value.get<std::string>();
    if (result.find('\0') != std::string::npos)
      throw Error(where + " has a NUL character");
    return result;
  }
  std::string nonEmptyText() const {
    std::string result = text();
    if (result.empty())
      throw Error(where + " must not be empty");
    return result;
  }
  uint64_t number() const {
    if (!value.is_number_unsigned())
      throw Error(where + " must be a non-negative integer");
    return value.get<uint64_t>();
  }
  std::vector<Field> list() const {
    if (!value.is_array())
      throw Error(where + " must be a list");
    std::vector<Field> result;
    for (size_t i = 0; i < value.size(); ++i)
      result.push_back(
          {value[i], "item " + std::to_string(i) + " of " + where});
    return result;
  }
};

/// Bytes as hexadecimal digits: the elements of a tensor of this type.
std::string readValue(const Field &field, const TensorSpec &spec) {
  constexpr size_t limit = 1 << 16;
  std::string digits = field.text();
  uint64_t elements = 1;
  for (const Dim &dim : spec.shape) {
    if (!dim.symbol.empty())
      throw Error(field.where + ": the shape of '" + spec.name +
                  "' is not known");
    elements = dim.size > int64_t(limit)
                   ? limit + 1
                   : std::min<uint64_t>(elements * dim.size, limit + 1);
  }
  size_t width = safetensors::byteSize(safetensorsDtype(spec.dtype));
  if (elements == 0 || elements > limit ||
      digits.size() != elements * width * 2 ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(field.where + " is not the " + std::to_string(elements) +
                " elements of '" + spec.name + "' as hexadecimal digits");
  std::string bytes;
  auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (size_t i = 0; i < digits.size(); i += 2)
    bytes += static_cast<char>(digit(digits[i]) * 16 + digit(digits[i + 1]));
  return bytes;
}

std::string printValue(const std::string &bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::vector<TensorSpec> readTensors(const Field &field) {
  std::vector<TensorSpec> result;
  std::set<std::string> names;
  for (const Field &item : field.list()) {
    TensorSpec spec{
        item.at("name").nonEmptyText(), item.at("dtype").text(), {}, {}};
    if (!names.insert(spec.name).second)
      throw Error(field.where + " has '" + spec.name + "' twice");
    try {
      safetensorsDtype(spec.dtype);
    } catch (const Error &e) {
      throw Error(item.at("dtype").where + ": " + e.what());
    }
    for (const Field &dim : item.at("shape").list()) {
      if (dim.value.is_string())
        spec.shape.push_back({-1, dim.nonEmptyText()});
      else if (dim.number() > uint64_t(INT64_MAX))
        throw Error(dim.where + " is too large");
      else
        spec.shape.push_back({static_cast<int64_t>(dim.number()), ""});
    }
    if (spec.shape.size() > 32)
      throw Error(item.where + " has more than 32 dimensions");
    if (item.has("default"))
      spec.value = readValue(item.at("default"), spec);
    result.push_back(std::move(spec));
  }
  return result;
}

const TensorSpec *find(const std::vector<TensorSpec> &list,
                       const std::string &name) {
  for (const TensorSpec &spec : list)
    if (spec.name == name)
      return &spec;
  return nullptr;
}

/// An entry that takes what `entry` takes, for one token.
std::string readDecode(const Field &field, const EntrySpec &entry,
                       const std::map<std::string, EntrySpec> &entries) {
  std::string name = field.text();
  auto found = entries.find(name);
  if (found == entries.end())
    throw Error(field.where + ": there is no entry '" + name + "'");
  auto same = [](const std::vector<TensorSpec> &a,
                 const std::vector<TensorSpec> &b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const TensorSpec &x, const TensorSpec &y) {
                        return x.name == y.name && x.dtype == y.dtype &&
                               x.shape.size() == y.shape.size();
                      });
  };
  if (!same(entry.inputs, found->second.inputs) ||
      !same(entry.outputs, found->second.outputs))
    throw Error(field.where + ": entry '" + name +
                "' has other inputs or outputs than the entry that it "
                "continues");
  return name;
}

/// A dimension of a tensor; -1 where it is not said.
int readAxis(const Field &item, const char *key, const TensorSpec &tensor) {
  if (!item.has(key))
    return -1;
  uint64_t axis = item.at(key).number();
  if (axis >= tensor.shape.size())
    throw Error(item.at(key).where + ": input '" + tensor.name +
                "' has no dimension " + std::to_string(axis));
  return static_cast<int>(axis);
}

Number readNumber(const Field &field) {
  std::string name = field.text();
  for (size_t i = 0; i < std::size(numberNames); ++i)
    if (name == numberNames[i])
      return static_cast<Number>(i);
  throw Error(field.where + " is '" + name +
              "', not one of one, past, last, total, continues, positions");
}

/// true, or why sequences cannot be padded.
void readPad(const Field &field, StateSpec &state) {
  state.pads = field.value.is_boolean() && field.value.get<bool>();
  if (!state.pads)
    state.padRefusal = field.nonEmptyText();
  if (state.pads && state.mask.empty())
    throw Error(field.where + " is true, and there is no mask");
}

StateSpec readState(const Field &field,
                    const std::map<std::string, EntrySpec> &entries) {
  StateSpec state;
  state.entry = field.at("entry").text();
  auto entry = entries.find(state.entry);
  if (entry == entries.end())
    throw Error(field.at("entry").where + ": there is no entry '" +
                state.entry + "'");
  std::set<std::string> used;
  auto input = [&](const Field &name) {
    std::string text = name.text();
    if (!find(entry->second.inputs, text))
      throw Error(name.where + ": entry '" + state.entry + "' has no input '" +
                  text + "'");
    if (!used.insert("input " + text).second)
      throw Error(name.where + ": input '" + text + "' has two roles");
    return text;
  };
  auto output = [&](const Field &name) {
    std::string text = name.text();
    if (!find(entry->second.outputs, text))
      throw Error(name.where + ": entry '" + state.entry + "' has no output '" +
                  text + "'");
    if (!used.insert("output " + text).second)
      throw Error(name.where + ": output '" + text + "' has two roles");
    return text;
  };
  state.ids = input(field.at("ids"));
  if (field.has("mask"))
    state.mask = input(field.at("mask"));
  if (field.has("positions"))
    state.positions = input(field.at("positions"));
  state.logits = output(field.at("logits"));
  for (const Field &item : field.at("tensors").list()) {
    StateTensor tensor{input(item.at("input")), output(item.at("output")),
                       item.at("kind").text(), -1, -1};
    const TensorSpec &from = *find(entry->second.inputs, tensor.input),
                     &to = *find(entry->second.outputs, tensor.output);
    if (from.dtype != to.dtype || from.shape.size() != to.shape.size())
      throw Error(item.where + ": input '" + tensor.input + "' and output '" +
                  tensor.output + "' differ in type");
    if (std::find(std::begin(kinds), std::end(kinds), tensor.kind) ==
        std::end(kinds))
      throw Error(item.at("kind").where + " is '" + tensor.kind +
                  "', not one of conv, ssm, key, value, key_value, other");
    tensor.grows = readAxis(item, "grows", from);
    tensor.places = readAxis(item, "places", from);
    if (tensor.grows >= 0 && tensor.places >= 0)
      throw Error(item.where + " has both 'grows' and 'places'");
    state.tensors.push_back(std::move(tensor));
  }
  if (field.has("numbers"))
    for (const Field &item : field.at("numbers").list())
      state.numbers.push_back(
          {input(item.at("input")), readNumber(item.at("value"))});
  if (field.has("decode"))
    state.decode = readDecode(field.at("decode"), entry->second, entries);
  if (field.has("pad"))
    readPad(field.at("pad"), state);
  return state;
}

FileSpec readFile(const Field &field) {
  FileSpec file{field.at("file").nonEmptyText(), field.at("bytes").number(),
                field.at("sha256").text()};
  if (file.file.find('/') != std::string::npos || file.file == "." ||
      file.file == "..")
    throw Error(field.at("file").where + " is '" + file.file +
                "', which is not the plain name of a file of the bundle");
  if (file.sha256.size() != 64 ||
      file.sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(field.at("sha256").where + " is not 64 hexadecimal digits");
  return file;
}

json printTensors(const std::vector<TensorSpec> &tensors) {
  json result = json::array();
  for (const TensorSpec &tensor : tensors) {
    json shape = json::array();
    for (const Dim &dim : tensor.shape)
      shape.push_back(dim.symbol.empty() ? json(dim.size) : json(dim.symbol));
    result.push_back(
        {{"name", tensor.name}, {"dtype", tensor.dtype}, {"shape", shape}});
    if (!tensor.value.empty())
      result.back()["default"] = printValue(tensor.value);
  }
  return result;
}

json printFile(const FileSpec &file) {
  return {{"file", file.file}, {"bytes", file.bytes}, {"sha256", file.sha256}};
}

json parseJson(std::string_view text) {
  auto watch = [](int depth, json::parse_event_t, json &) {
    if (depth > 16)
      throw Error("it is nested too deeply");
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::exception &e) {
    throw Error(std::string("it is not valid JSON (truncated or damaged?): ") +
                e.what());
  }
}

} // namespace

const char *nameOf(Number number) {
  return numberNames[static_cast<size_t>(number)];
}

std::string safetensorsDtype(const std::string &numpyName) {
  for (const TypeName &type : typeNames)
    if (numpyName == type.numpy)
      return type.safetensors;
  throw Error("unknown dtype '" + numpyName + "'");
}

std::string numpyDtype(const std::string &safetensorsName) {
  for (const TypeName &type : typeNames)
    if (safetensorsName == type.safetensors)
      return type.numpy;
  throw Error("dtype '" + safetensorsName + "' is not supported");
}

Manifest parseManifest(std::string_view text) {
  json value = parseJson(text);
  Field root{value, "the manifest"};
  if (!root.has("format") || root.at("format").value != "jarana")
    throw Error(
        "it is not a jarana bundle's manifest ('format' is not \"jarana\")");
  if (root.at("version").number() != formatVersion)
    throw Error("the bundle has format version " +
                std::to_string(root.at("version").number()) +
                ", this runtime reads version " +
                std::to_string(formatVersion) +
                ": compile the model again with a matching jarana-compile");
  Manifest manifest;
  manifest.generator = root.at("generator").text();
  Field target = root.at("target");
  manifest.target = {target.at("triple").nonEmptyText(),
                     target.at("cpu").text(), target.at("features").text()};
  Field entries = root.at("entries");
  if (!entries.value.is_object() || entries.value.empty())
    throw Error(entries.where + " must be a non-empty object");
  for (const auto &[name, item] : entries.value.items()) {
    Field field{item, "entry '" + name + "'"};
    if (name.empty() ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTU"
                               "VWXYZ0123456789_") != std::string::npos)
      throw Error(field.where + " is not a valid name of an entry");
    EntrySpec entry{readTensors(field.at("inputs")),
                    readTensors(field.at("outputs")),
                    {},
                    {}};
    if (field.has("fixed"))
      for (const Field &name : field.at("fixed").list())
        entry.fixed.push_back(name.nonEmptyText());
    for (const Field &check : field.at("checks").list())
      entry.checks.push_back(check.text());
    manifest.entries.emplace(name, std::move(entry));
  }
  if (root.has("state"))
    manifest.state = readState(root.at("state"), manifest.entries);
  if (root.has("state_refusal"))
    manifest.stateRefusal = root.at("state_refusal").text();
  manifest.weights = readFile(root.at("weights"));
  manifest.code = readFile(root.at("code"));
  manifest.stackBytes = root.at("stack_bytes").number();
  if (manifest.stackBytes > maxStackBytes)
    throw Error("'stack_bytes' is " + std::to_string(manifest.stackBytes) +
                ", more than " + std::to_string(maxStackBytes));
  manifest.scratchBytes = root.at("scratch_bytes").number();
  if (root.has("flops_per_token"))
    manifest.flopsPerToken = root.at("flops_per_token").number();
  if (root.has("weight_bytes_per_token"))
    manifest.weightBytesPerToken = root.at("weight_bytes_per_token").number();
  return manifest;
}

std::string printManifest(const Manifest &manifest) {
  nlohmann::ordered_json root;
  root["format"] = "jarana";
  root["version"] = formatVersion;
  root["generator"] = manifest.generator;
  root["target"] = {{"triple", manifest.target.triple},
                    {"cpu", manifest.target.cpu},
                    {"features", manifest.target.features}};
  root["entries"] = nlohmann::ordered_json::object();
  for (const auto &[name, entry] : manifest.entries) {
    nlohmann::ordered_json &printed =
        root["entries"][name] = {{"inputs", printTensors(entry.inputs)},
                                 {"outputs", printTensors(entry.outputs)},
                                 {"checks", entry.checks}};
    if (!entry.fixed.empty())
      printed["fixed"] = entry.fixed;
  }
  if (manifest.state) {
    const StateSpec &state = *manifest.state;
    json tensors = json::array();
    for (const StateTensor &t : state.tensors) {
      json tensor = {
          {"input", t.input}, {"output", t.output}, {"kind", t.kind}};
      if (t.grows >= 0)
        tensor["grows"] = t.grows;
      if (t.places >= 0)
        tensor["places"] = t.places;
      tensors.push_back(std::move(tensor));
    }
    nlohmann::ordered_json spec = {{"entry", state.entry},
                                   {"ids", state.ids},
                                   {"logits", state.logits},
                                   {"tensors", tensors}};
    if (!state.decode.empty())
      spec["decode"] = state.decode;
    if (!state.mask.empty())
      spec["mask"] = state.mask;
    if (!state.positions.empty())
      spec["positions"] = state.positions;
    for (const NumberInput &number : state.numbers)
      spec["numbers"].push_back(
          {{"input", number.input}, {"value", nameOf(number.value)}});
    if (state.pads)
      spec["pad"] = true;
    else if (!state.padRefusal.empty())
      spec["pad"] = state.padRefusal;
    root["state"] = spec;
  }
  if (!manifest.stateRefusal.empty())
    root["state_refusal"] = manifest.stateRefusal;
  root["weights"] = printFile(manifest.weights);
  root["code"] = printFile(manifest.code);
  root["stack_bytes"] = manifest.stackBytes;
  root["scratch_bytes"] = manifest.scratchBytes;
  root["flops_per_token"] = manifest.flopsPerToken;
  root["weight_bytes_per_token"] = manifest.weightBytesPerToken;
  return root.dump(1) + "\n";
}

} // namespace jarana::bundle
