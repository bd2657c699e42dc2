// Writes the three files into a folder beside the final one, and puts it in its
// place when it is whole.
#include "lib/bundle/Bundle.h"
#include "lib/bundle/WeightStream.h"
#include "lib/safetensors/Safetensors.h"
#include "runtime/Sha256.h"

#include "llvm/ADT/StringExtras.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
namespace fs = std::filesystem;

namespace jarana::bundle {
namespace {

constexpr const char *manifestFile = "manifest.json", *codeFile = "model.so",
                     *weightsFile = "weights.safetensors";

/// A file being written; its checksum is computed on the way.
class OutputFile {
public:
  /// shown: the final name, for messages. tell: BundleDescription::temporary.
  OutputFile(const std::string &path, const std::string &shown,
             const std::function<void(const std::string &, bool)> &tell)
      : path(path), shown(shown), tell(tell) {
    fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
      fail();
    if (tell)
      tell(path, true);
  }
  ~OutputFile() {
    if (fd >= 0)
      ::close(fd);
    if (tell)
      tell(path, false);
  }
  void write(const char *bytes, size_t count) {
    sha.update(bytes, count);
    spec.bytes += count;
    while (count > 0) {
      ssize_t written =
          ::write(fd, bytes, std::min<size_t>(count, size_t(1) << 30));
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        fail();
      bytes += written, count -= written;
    }
  }
  void write(llvm::StringRef text) { write(text.data(), text.size()); }
  uint64_t bytes() const { return spec.bytes; }
  FileSpec close() {
    int closing = std::exchange(fd, -1);
    if (::close(closing) != 0)
      fail();
    spec.file = fs::path(path).filename();
    spec.sha256 = sha.finish();
    return spec;
  }

private:
  [[noreturn]] void fail() {
    throw Error("cannot write '" + shown + "': " + std::strerror(errno));
  }

  std::string path, shown;
  const std::function<void(const std::string &, bool)> &tell;
  int fd = -1;
  Sha256 sha;
  FileSpec spec;
};

/// A new folder beside the final one; removed with what is in it unless it was
/// moved into place.
class PartFolder {
public:
  explicit PartFolder(const fs::path &final) : final(final) {
    // As readable as any new folder: mkdtemp would make it private, and the
    // mask of the process cannot be read without changing it.
    std::random_device random;
    for (int attempt = 0; path.empty(); ++attempt) {
      std::string name =
          final.string() + ".part-" + llvm::utohexstr(random(), true, 8);
      if (::mkdir(name.c_str(), 0777) == 0)
        path = name;
      else if (errno != EEXIST || attempt == 100)
        throw Error("cannot write '" + final.string() +
                    "': " + std::strerror(errno));
    }
  }
  ~PartFolder() {
    std::error_code ignored;
    if (!path.empty())
      fs::remove_all(path, ignored);
  }
  void commit() {
    if (::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, final.c_str(),
                    RENAME_NOREPLACE) == 0) {
      path.clear();
      return;
    }
    // There is a bundle already: exchange them, and let the destructor remove
    // the old one.
    if (errno != EEXIST || ::renameat2(AT_FDCWD, path.c_str(), AT_FDCWD,
                                       final.c_str(), RENAME_EXCHANGE) != 0)
      throw Error("cannot write '" + final.string() +
                  "': " + std::strerror(errno));
  }
  std::string file(const char *name) const { return (path / name).string(); }

private:
  fs::path final, path;
};

/// Refuses to replace what is not a bundle.
void checkReplaceable(const fs::path &final) {
  std::error_code error;
  fs::file_status status = fs::symlink_status(final, error);
  if (!fs::exists(status))
    return;
  if (!fs::is_directory(status))
    throw Error(
        "'" + final.string() +
        "' exists and is not a bundle; remove it or choose another name");
  for (const fs::directory_entry &entry : fs::directory_iterator(final)) {
    std::string name = entry.path().filename();
    if (name != manifestFile && name != codeFile && name != weightsFile)
      throw Error(
          "'" + final.string() + "' exists and has '" + name +
          "', which is not of a bundle; remove it or choose another name");
  }
}

FileSpec writeWeights(ModuleOp module, const BundleDescription &description,
                      OutputFile &out) {
  std::vector<safetensors::Placement> placements;
  uint64_t end = 0;
  // Tensors must cover the data without holes: what aligns them is a tensor
  // too.
  for (const WeightPlacement &weight : description.weights) {
    if (weight.offset < end)
      throw Error("weight '" + weight.name + "' overlaps the one before it");
    if (weight.offset > end)
      placements.push_back({"__padding." + std::to_string(end),
                            "U8",
                            {int64_t(weight.offset - end)},
                            end,
                            weight.offset});
    end = weight.offset + weight.bytes;
    placements.push_back(
        {weight.name, weight.dtype, weight.shape, weight.offset, end});
  }
  out.write(safetensors::header(placements));
  uint64_t dataStart = out.bytes();
  SymbolTable symbols(module);
  WeightStream stream(module);
  for (const WeightPlacement &weight : description.weights) {
    out.write(std::string(dataStart + weight.offset - out.bytes(), '\0'));
    auto op = symbols.lookup<hybrid::WeightOp>(weight.name);
    if (!op)
      throw Error("there is no weight '" + weight.name + "' in the module");
    stream.write(op, [&](const char *bytes, size_t count) {
      out.write(bytes, count);
      if (description.progress)
        description.progress(out.bytes() - dataStart, end);
    });
    if (out.bytes() != dataStart + weight.offset + weight.bytes)
      throw Error("weight '" + weight.name + "' has " +
                  std::to_string(out.bytes() - dataStart - weight.offset) +
                  " bytes, expected " + std::to_string(weight.bytes));
  }
  return out.close();
}

void write(ModuleOp module, const BundleDescription &description,
           llvm::StringRef code, const fs::path &final) {
  checkReplaceable(final);
  PartFolder folder(final);
  Manifest manifest = description.manifest;
  {
    OutputFile out(folder.file(codeFile), final / codeFile,
                   description.temporary);
    out.write(code);
    manifest.code = out.close();
  }
  {
    OutputFile out(folder.file(weightsFile), final / weightsFile,
                   description.temporary);
    manifest.weights = writeWeights(module, description, out);
  }
  {
    // What the runtime would refuse is not written in the first place.
    std::string text = printManifest(manifest);
    parseManifest(text);
    OutputFile out(folder.file(manifestFile), final / manifestFile,
                   description.temporary);
    out.write(text);
    out.close();
  }
  folder.commit();
}

} // namespace

LogicalResult writeBundle(ModuleOp module, const BundleDescription &description,
                          llvm::StringRef code, const std::string &path) {
  try {
    fs::path final = path;
    while (!final.empty() && final.filename().empty()) // a slash at the end
      final = final.parent_path();
    if (final.empty() || final.filename() == "." || final.filename() == "..")
      throw Error("'" + path + "' is not the name of a bundle");
    write(module, description, code, final);
    return success();
  } catch (const std::exception &e) {
    // Not module.emitError: its note would print the whole module.
    return emitError(module.getLoc()) << e.what();
  }
}

} // namespace jarana::bundle
