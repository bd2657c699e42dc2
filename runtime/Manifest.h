// What a bundle's manifest.json says, as plain data: written by lib/bundle,
// read and checked by the runtime. No MLIR.
#pragma once

#include "jarana/error.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jarana::bundle {

/// The version of the format that this build writes, and the only one that it
/// reads.
constexpr int formatVersion = 2;

/// A dimension of the signature: a number, or (where `symbol` is not empty) a
/// symbol or an expression of symbols, for people. Dimensions of the same text
/// are equal, except for "?", which says nothing.
struct Dim {
  int64_t size = -1;
  std::string symbol;
};

/// An input or output: `dtype` is numpy's name ("float32", "bfloat16", "int64",
/// "bool", ...). `value`: of an input, its bytes where a caller gives none;
/// such an input has elements, and its shape is known.
struct TensorSpec {
  std::string name, dtype;
  std::vector<Dim> shape;
  std::string value = {};
};

struct EntrySpec {
  std::vector<TensorSpec> inputs, outputs;
  std::vector<std::string> checks; // the messages of the run-time checks, in
                                   // the order of their numbers
  /// Inputs of the model that are none of the entry: the values that the model
  /// itself gives them became constants.
  std::vector<std::string> fixed = {};
};

/// A state: `input` is read, `output` is its next value. kind: "conv", "ssm",
/// "key", "value", "key_value" (both in one tensor) or "other". `grows`: the
/// dimension that counts past positions, 0 at first; `places`: the dimension of
/// a buffer that positions are written into, which keeps its size; -1: none.
struct StateTensor {
  std::string input, output, kind;
  int grows = -1, places = -1;
};

/// What a session puts into every element of an input that is no tokens, mask
/// or state.
enum class Number : uint8_t {
  One,       ///< "one"
  Past,      ///< "past": the positions before this step
  Last,      ///< "last": the last position of this step
  Total,     ///< "total": the positions up to the end of this step
  Continues, ///< "continues": whether there are positions before this step
  Positions, ///< "positions": each new token's, one after the other
};
struct NumberInput {
  std::string input;
  Number value = Number::One;
};
const char *nameOf(Number number);

/// How a session drives an entry. `mask` and `positions` are empty where the
/// graph has no such input. `decode`, where not empty, is an entry for one new
/// token per sequence, with the same inputs and outputs. `pads`: sequences with
/// masked tokens before them give what they give alone; else `padRefusal` says
/// why not.
struct StateSpec {
  std::string entry = "main", decode, ids, mask, positions, logits;
  bool pads = false;
  std::string padRefusal;
  std::vector<StateTensor> tensors;
  std::vector<NumberInput> numbers;
};

/// A file of the bundle, by its plain name in the bundle's folder; sha256 in
/// lower-case hexadecimal.
struct FileSpec {
  std::string file;
  uint64_t bytes = 0;
  std::string sha256;
};

struct Target {
  std::string triple, cpu,
      features; // features as LLVM spells them: "+avx2,+fma,-sse4a"
};

/// The most stack that code may need: callers have threads of 64 KiB.
constexpr uint64_t maxStackBytes = 48 << 10;

struct Manifest {
  std::string generator;
  Target target;
  std::map<std::string, EntrySpec> entries;
  std::optional<StateSpec> state;
  std::string stateRefusal; ///< why there is no `state`; may be empty
  FileSpec weights, code;
  /// What the code needs of each thread: stack, and memory that is handed to it
  /// (runtime/CodeContext.h).
  uint64_t stackBytes = 0, scratchBytes = 0;
  /// Multiplications and additions of the products with weights, and the bytes
  /// of weights read, for one position; 0: unknown.
  uint64_t flopsPerToken = 0, weightBytesPerToken = 0;
};

/// Parses and checks: every required field, its type, names that occur once,
/// state roles that exist, file names without folders. Throws Error that says
/// which field is wrong.
Manifest parseManifest(std::string_view text);

/// The JSON text of manifest.json.
std::string printManifest(const Manifest &);

/// The safetensors name ("F32") of a numpy name ("float32"); throws for a type
/// that no tensor can have.
std::string safetensorsDtype(const std::string &numpyName);
/// The reverse.
std::string numpyDtype(const std::string &safetensorsName);

} // namespace jarana::bundle
