#include "runtime/Executor.h"
#include "runtime/Stack.h"
#include "runtime/Status.h"

#include <algorithm>
#include <map>

namespace jarana::runtime {
namespace {

/// A memref descriptor as MLIR lays it out: {allocated, aligned, offset,
/// sizes[rank], strides[rank]}. One block of words holds those of all
/// arguments.
class Arguments {
public:
  void add(const void *data, std::span<const int64_t> shape) {
    starts.push_back(words.size());
    words.push_back(reinterpret_cast<int64_t>(data));
    words.push_back(reinterpret_cast<int64_t>(data));
    words.push_back(0);
    words.insert(words.end(), shape.begin(), shape.end());
    size_t strides = words.size();
    words.resize(words.size() + shape.size());
    int64_t stride = 1;
    for (size_t i = shape.size(); i-- > 0;) {
      words[strides + i] = stride;
      stride *= shape[i];
    }
  }
  void add(const void *data, int64_t size) {
    add(data, std::span<const int64_t>(&size, 1));
  }
  /// `context` is the last of the pointers.
  void *const *pointers(jarana_code_context *context) {
    table.clear();
    for (size_t start : starts)
      table.push_back(words.data() + start);
    table.push_back(context);
    return table.data();
  }

private:
  std::vector<int64_t> words;
  std::vector<size_t> starts;
  std::vector<void *> table;
};

} // namespace

std::string print(const Shape &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

int64_t tensorBytes(jarana_dtype dtype, const Shape &shape) {
  // The strides of a tensor without elements must not overflow either.
  int64_t bytes = static_cast<int64_t>(dtypeBytes(dtype));
  bool isEmpty = false;
  for (int64_t dim : shape) {
    isEmpty |= dim == 0;
    if (dim != 0 && __builtin_mul_overflow(bytes, dim, &bytes))
      refuse("a tensor's size overflows: " + print(shape) + " of " +
             dtypeName(dtype));
  }
  // Loops over its other dimensions would take for ever.
  if (isEmpty && bytes > (int64_t(1) << 34))
    refuse("a tensor without elements has sizes that no model needs: " +
           print(shape));
  return isEmpty ? 0 : bytes;
}

std::shared_ptr<Team> makeTeam(const Bundle &bundle, uint32_t threads) {
  const bundle::Manifest &manifest = bundle.manifest();
  requireStack(manifest.stackBytes);
  Team::Options options;
  options.threads = threads & ~JARANA_PIN_THREADS;
  options.pinned = threads & JARANA_PIN_THREADS;
  if (options.threads == 0)
    options.threads = usableProcessors();
  if (options.threads > 4096)
    refuse("threads is " + std::to_string(options.threads) +
           ", more than 4096");
  options.scratchBytes = manifest.scratchBytes;
  options.stackBytes = manifest.stackBytes;
  return std::make_shared<Team>(options);
}

Executor::Executor(std::shared_ptr<const Bundle> owner,
                   const std::string &entry, std::shared_ptr<Team> workers)
    : bundle(std::move(owner)), function(&bundle->entry(entry)),
      team(std::move(workers)) {}

void Executor::checkInput(size_t index, jarana_dtype dtype,
                          const Shape &shape) const {
  const Parameter &parameter = function->inputs[index];
  std::string where = "input '" + parameter.name + "' ";
  if (dtype != parameter.dtype)
    refuse(where + "must be " + dtypeName(parameter.dtype) + ", not " +
           (dtypeName(dtype) ? dtypeName(dtype) : "an unknown dtype"));
  auto expected = [&] {
    std::string text = "[";
    for (size_t i = 0; i < parameter.shape.size(); ++i)
      text += (i ? ", " : "") + (parameter.symbols[i].empty()
                                     ? std::to_string(parameter.shape[i])
                                     : parameter.symbols[i]);
    return text + "]";
  };
  if (shape.size() != parameter.shape.size())
    refuse(where + "must have " + std::to_string(parameter.shape.size()) +
           " dimensions " + expected() + ", not " +
           std::to_string(shape.size()) + " " + print(shape));
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] < 0)
      refuse(where + "has a negative dimension " + std::to_string(i) + ": " +
             print(shape));
    if (parameter.shape[i] >= 0 && shape[i] != parameter.shape[i])
      refuse(where + "must have size " + std::to_string(parameter.shape[i]) +
             " in dimension " + std::to_string(i) + " of " + expected() +
             ", not " + std::to_string(shape[i]));
  }
  tensorBytes(dtype, shape);
}

const std::vector<Shape> &Executor::plan(std::span<const Shape> inputs) {
  inputShapes.assign(inputs.begin(), inputs.end());
  struct Seen {
    int64_t size;
    size_t input, dim;
  };
  std::map<std::string, Seen> symbols;
  inputDims.clear();
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Parameter &parameter = function->inputs[i];
    for (size_t d = 0; d < inputs[i].size(); ++d) {
      inputDims.push_back(inputs[i][d]);
      if (parameter.symbols[d].empty() || parameter.symbols[d] == "?")
        continue;
      auto [seen, first] =
          symbols.try_emplace(parameter.symbols[d], Seen{inputs[i][d], i, d});
      if (!first && seen->second.size != inputs[i][d])
        refuse("'" + parameter.symbols[d] + "' is " +
               std::to_string(seen->second.size) + " by dimension " +
               std::to_string(seen->second.dim) + " of input '" +
               function->inputs[seen->second.input].name + "', but " +
               std::to_string(inputs[i][d]) + " by dimension " +
               std::to_string(d) + " of input '" + parameter.name + "'");
    }
  }
  size_t outputRanks = 0;
  for (const Parameter &parameter : function->outputs)
    outputRanks += parameter.shape.size();
  outputDims.assign(outputRanks, 0);
  Arguments arguments;
  arguments.add(inputDims.data(), static_cast<int64_t>(inputDims.size()));
  arguments.add(outputDims.data(), static_cast<int64_t>(outputDims.size()));
  requireStack(bundle->manifest().stackBytes);
  arenaBytes = function->plan(arguments.pointers(team->context()));
  if (arenaBytes < 0)
    checkFailed(arenaBytes);
  if (arenaBytes == INT64_MAX)
    refuse("these input shapes lead to a size that overflows:" + printInputs());
  outputShapes.clear();
  size_t at = 0;
  for (const Parameter &parameter : function->outputs) {
    Shape shape(outputDims.begin() + at,
                outputDims.begin() + at + parameter.shape.size());
    at += shape.size();
    if (std::any_of(shape.begin(), shape.end(),
                    [](int64_t size) { return size < 0; }))
      refuse("these input shapes give output '" + parameter.name +
             "' the shape " + print(shape));
    tensorBytes(parameter.dtype, shape);
    outputShapes.push_back(std::move(shape));
  }
  arena.reserve(static_cast<uint64_t>(arenaBytes));
  return outputShapes;
}

void Executor::run(std::span<const std::byte *const> inputs,
                   std::span<std::byte *const> outputs) {
  Arguments arguments;
  for (size_t i = 0; i < inputs.size(); ++i)
    arguments.add(inputs[i], inputShapes[i]);
  for (size_t i = 0; i < outputs.size(); ++i)
    arguments.add(outputs[i], outputShapes[i]);
  arguments.add(bundle->weights(), static_cast<int64_t>(bundle->weightBytes()));
  arguments.add(arena.data(), arenaBytes);
  requireStack(bundle->manifest().stackBytes);
  if (int32_t code = function->run(arguments.pointers(team->context()));
      code != 0)
    checkFailed(code);
}

std::string Executor::printInputs() const {
  std::string text;
  for (size_t i = 0; i < inputShapes.size(); ++i)
    text += " '" + function->inputs[i].name + "' " + print(inputShapes[i]);
  return text;
}

void Executor::checkFailed(int64_t code) const {
  if (code < 0 && static_cast<uint64_t>(-code) <= function->checks.size())
    throw StatusError(JARANA_CHECK_FAILED, function->checks[-code - 1]);
  throw StatusError(JARANA_INTERNAL, "the compiled model failed with code " +
                                         std::to_string(code));
}

} // namespace jarana::runtime
