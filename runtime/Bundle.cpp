// Opening bundles. The order is: manifest, sizes, checksum of the code, target,
// code, weights; no byte of the bundle is executed or handed to generated code
// before the checks that concern it.
#include "runtime/Bundle.h"
#include "runtime/Sha256.h"
#include "runtime/Status.h"
#include "runtime/TargetCheck.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace jarana::runtime {
namespace {

constexpr uint64_t maxManifestBytes = 64 << 20;

[[noreturn]] void bad(const std::string &message) {
  throw StatusError(JARANA_BAD_BUNDLE, message);
}

class ReadFile {
public:
  explicit ReadFile(const std::string &path) : path(path) {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      bad("cannot open '" + path + "': " + std::strerror(errno));
    struct stat status;
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
      ::close(fd);
      bad("'" + path + "' is not a regular file");
    }
    size = status.st_size;
  }
  ~ReadFile() {
    if (fd >= 0)
      ::close(fd);
  }
  ReadFile(const ReadFile &) = delete;
  ReadFile &operator=(const ReadFile &) = delete;

  /// Calls take(bytes, count) for all of the file, a piece at a time.
  template <class Take> void read(Take take) const {
    std::vector<char> piece(
        std::min<uint64_t>(std::max<uint64_t>(size, 1), 1 << 20));
    for (uint64_t at = 0; at < size;) {
      ssize_t got = ::pread(fd, piece.data(),
                            std::min<uint64_t>(piece.size(), size - at), at);
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0)
        bad("cannot read '" + path + "': " +
            (got < 0 ? std::strerror(errno) : "it was truncated meanwhile"));
      take(piece.data(), static_cast<size_t>(got));
      at += got;
    }
  }
  std::string sha256() const {
    Sha256 sha;
    read([&](const char *bytes, size_t count) { sha.update(bytes, count); });
    return sha.finish();
  }
  void expectBytes(uint64_t bytes) const {
    if (size != bytes)
      bad("'" + path + "' has " + std::to_string(size) +
          " bytes, the manifest says " + std::to_string(bytes) +
          " (truncated, or of another bundle)");
  }
  void expectSha256(const std::string &expected) const {
    if (sha256() != expected)
      bad("'" + path + "' is damaged: its SHA-256 is not that of the manifest");
  }
  int descriptor() const { return fd; }
  int release() { return std::exchange(fd, -1); }

  const std::string path;
  uint64_t size = 0;

private:
  int fd = -1;
};

Parameter parameterOf(const bundle::TensorSpec &spec) {
  Parameter result{spec.name, dtypeOf(spec.dtype), {}, {}, {}, {}};
  for (const bundle::Dim &dim : spec.shape) {
    result.shape.push_back(dim.symbol.empty() ? dim.size : -1);
    result.symbols.push_back(dim.symbol);
  }
  if (!spec.value.empty()) {
    auto value = std::make_shared<Buffer>();
    value->reserve(spec.value.size());
    std::memcpy(value->data(), spec.value.data(), spec.value.size());
    result.value = std::move(value);
  }
  return result;
}

size_t findParameter(const std::vector<Parameter> &list,
                     const std::string &name, const char *kind,
                     const std::string &entry) {
  std::string names;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i].name == name)
      return i;
    names += (i ? ", " : "") + list[i].name;
  }
  refuse("'" + entry + "' has no " + kind + " '" + name + "'; its " + kind +
         "s are: " + (names.empty() ? "none" : names));
}

} // namespace

size_t Entry::input(const std::string &wanted) const {
  if (std::ranges::count(fixed, wanted))
    refuse("input '" + wanted +
           "' was fixed when the model was compiled, to the value of the "
           "model's own initializer: no other can be given (change the "
           "initializer, and compile the model again)");
  return findParameter(inputs, wanted, "input", name);
}
size_t Entry::output(const std::string &wanted) const {
  return findParameter(outputs, wanted, "output", name);
}

std::shared_ptr<const Bundle> Bundle::open(const std::string &path,
                                           bool verifyWeights) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0)
    bad("cannot open bundle '" + path + "': " + std::strerror(errno));
  if (!S_ISDIR(status.st_mode))
    bad("'" + path +
        "' is not a bundle: a bundle is a folder with manifest.json, model.so "
        "and weights.safetensors");
  std::shared_ptr<Bundle> result(new Bundle);
  std::string manifestPath = path + "/manifest.json";
  ReadFile manifestFile(manifestPath);
  if (manifestFile.size > maxManifestBytes)
    bad("'" + manifestPath + "' is too large for a manifest: " +
        std::to_string(manifestFile.size) + " bytes");
  manifestFile.read([&](const char *bytes, size_t count) {
    result->text.append(bytes, count);
  });
  try {
    result->contents = bundle::parseManifest(result->text);
  } catch (const Error &e) {
    bad("'" + manifestPath + "': " + e.what());
  }
  for (const auto &[name, spec] : result->contents.entries) {
    Entry entry{name, {}, {}, spec.checks, spec.fixed};
    for (const bundle::TensorSpec &tensor : spec.inputs)
      entry.inputs.push_back(parameterOf(tensor));
    for (const bundle::TensorSpec &tensor : spec.outputs)
      entry.outputs.push_back(parameterOf(tensor));
    result->table.emplace(name, std::move(entry));
  }
  // Pointers into the strings are taken once the entries no longer move.
  for (auto &[name, entry] : result->table)
    for (std::vector<Parameter> *list : {&entry.inputs, &entry.outputs})
      for (Parameter &parameter : *list)
        for (const std::string &symbol : parameter.symbols)
          parameter.symbolPointers.push_back(symbol.empty() ? nullptr
                                                            : symbol.c_str());
  result->loadWeights(path + "/" + result->contents.weights.file,
                      verifyWeights);
  result->loadCode(path + "/" + result->contents.code.file);
  return result;
}

void Bundle::loadWeights(const std::string &path, bool verify) {
  ReadFile file(path);
  file.expectBytes(contents.weights.bytes);
  if (verify)
    file.expectSha256(contents.weights.sha256);
  try {
    // The file that was hashed, whatever has that name by now.
    weightFile = safetensors::File::map(file.descriptor(), path);
  } catch (const Error &e) {
    bad(e.what());
  }
  if (reinterpret_cast<uintptr_t>(weightFile->base()) % 64 != 0)
    bad("'" + path + "': its data is not aligned to 64 bytes");
}

void Bundle::loadCode(const std::string &path) {
  ReadFile file(path);
  file.expectBytes(contents.code.bytes);
  file.expectSha256(contents.code.sha256);
  checkTarget(contents.target);
  code = Code::load(file.release(), path);
  for (auto &[name, entry] : table) {
    std::string symbol = "jarana_" + name;
    entry.run =
        reinterpret_cast<int32_t (*)(void *const *)>(code->symbol(symbol));
    entry.plan = reinterpret_cast<int64_t (*)(void *const *)>(
        code->symbol(symbol + "_plan"));
    if (!entry.run || !entry.plan)
      bad("'" + path + "' does not export '" + symbol +
          (entry.run ? "_plan" : "") + "'");
  }
}

const Entry &Bundle::entry(const std::string &name) const {
  auto found = table.find(name);
  if (found != table.end())
    return found->second;
  std::string names;
  for (const auto &[other, entry] : table)
    names += (names.empty() ? "" : ", ") + other;
  refuse("the bundle has no entry '" + name + "'; it has: " + names);
}

namespace {
struct DtypeInfo {
  const char *name;
  size_t bytes;
};
// In the order of jarana_dtype.
constexpr DtypeInfo dtypes[] = {{"float32", 4}, {"float16", 2}, {"bfloat16", 2},
                                {"float64", 8}, {"int8", 1},    {"uint8", 1},
                                {"int16", 2},   {"uint16", 2},  {"int32", 4},
                                {"uint32", 4},  {"int64", 8},   {"uint64", 8},
                                {"bool", 1}};
} // namespace

size_t dtypeBytes(jarana_dtype dtype) {
  return static_cast<size_t>(dtype) < std::size(dtypes) ? dtypes[dtype].bytes
                                                        : 0;
}

const char *dtypeName(jarana_dtype dtype) {
  return static_cast<size_t>(dtype) < std::size(dtypes) ? dtypes[dtype].name
                                                        : nullptr;
}

jarana_dtype dtypeOf(const std::string &numpyName) {
  for (size_t i = 0; i < std::size(dtypes); ++i)
    if (numpyName == dtypes[i].name)
      return static_cast<jarana_dtype>(i);
  bad("unknown dtype '" + numpyName + "'");
}

} // namespace jarana::runtime
