// An opened bundle: the checked manifest, the loaded code and the mapped
// weights.
#pragma once

#include "jarana/runtime.h"
#include "lib/safetensors/Safetensors.h"
#include "runtime/Code.h"
#include "runtime/Manifest.h"
#include "runtime/Memory.h"

#include <map>
#include <memory>
#include <vector>

namespace jarana::runtime {

using Shape = std::vector<int64_t>;

/// An input or output as the runtime uses it: `shape` has -1 and `symbols` the
/// text where a size is symbolic.
struct Parameter {
  std::string name;
  jarana_dtype dtype;
  Shape shape;
  std::vector<std::string> symbols;
  std::vector<const char *>
      symbolPointers; // for the C interface: null where the size is a number
  std::shared_ptr<const Buffer> value; // where a caller gives none; may be null
};

/// A function of the bundle (docs/architecture.md, "The kernels form and the
/// ABI of model.so").
struct Entry {
  std::string name;
  std::vector<Parameter> inputs, outputs;
  std::vector<std::string> checks;
  std::vector<std::string> fixed; // inputs of the model that became constants
  int32_t (*run)(void *const *) = nullptr;
  int64_t (*plan)(void *const *) = nullptr;

  /// The place of a parameter; throws StatusError naming those that there are.
  size_t input(const std::string &name) const;
  size_t output(const std::string &name) const;
};

class Bundle {
public:
  /// Throws StatusError: JARANA_BAD_BUNDLE with the file's name for everything
  /// that is wrong with the bundle.
  static std::shared_ptr<const Bundle> open(const std::string &path,
                                            bool verifyWeights);

  const bundle::Manifest &manifest() const { return contents; }
  const std::string &manifestText() const { return text; }
  const std::map<std::string, Entry> &entries() const { return table; }
  const Entry &
  entry(const std::string &name) const; // throws StatusError naming the entries
  const std::byte *weights() const { return weightFile->base(); }
  uint64_t weightBytes() const { return weightFile->dataBytes(); }

private:
  Bundle() = default;
  void loadCode(const std::string &path);
  void loadWeights(const std::string &path, bool verify);

  std::string text;
  bundle::Manifest contents;
  std::map<std::string, Entry> table;
  std::shared_ptr<safetensors::File> weightFile;
  std::shared_ptr<Code> code;
};

size_t dtypeBytes(jarana_dtype dtype);
const char *dtypeName(jarana_dtype dtype); // null for a value that is none
jarana_dtype dtypeOf(const std::string &numpyName);

} // namespace jarana::runtime
