#include "lib/onnx/ModelFile.h"

#include "jarana/error.h"
#include "lib/onnx/Skeleton.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jarana::onnx {

namespace fs = std::filesystem;

ModelFile::Mapping::Mapping(const std::string &path) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  int descriptor =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0)
    throw Error(std::string("cannot open the model: ") + std::strerror(errno));
  struct stat status;
  bool regular = fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  bytes = regular ? static_cast<uint64_t>(status.st_size) : 0;
  void *mapped =
      bytes ? mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0)
            : MAP_FAILED;
  int error = errno;
  close(descriptor);
  if (!regular)
    throw Error("cannot read the model: not a regular file");
  if (bytes == 0)
    throw Error("the file is empty: not an ONNX model");
  if (mapped == MAP_FAILED)
    throw Error(std::string("cannot map the model: ") + std::strerror(error));
  data = static_cast<const char *>(mapped);
}

ModelFile::Mapping::~Mapping() {
  if (data)
    munmap(const_cast<char *>(data), bytes);
}

/// Where the path leads, or the path itself where it leads nowhere.
static std::string resolved(const std::string &path) {
  std::error_code failure;
  fs::path real = fs::canonical(path, failure);
  return failure ? path : real.string();
}

ModelFile::ModelFile(const std::string &path)
    : realPath(resolved(path)), mapping(realPath) {
  std::string skeleton = makeSkeleton({mapping.data, mapping.bytes});
  if (skeleton.size() > INT_MAX)
    throw Error("the model's structure is larger than 2 GiB; keep weights in "
                "raw_data or in external data");
  if (!proto.ParseFromArray(skeleton.data(), static_cast<int>(skeleton.size())))
    throw Error("not an ONNX model, or corrupt: cannot parse it as protobuf");
  if (!proto.has_graph())
    throw Error("not an ONNX model: there is no graph in it");
  fs::path absolute = fs::absolute(path).lexically_normal();
  directory = fs::canonical(absolute.parent_path());
  fileName = absolute.filename();
  realFile = fs::path(realPath).lexically_relative(directory);
}

/// Whether an absolute path without links is in a folder, at any depth.
static bool isInside(const fs::path &file, const fs::path &folder) {
  auto [rest, left] =
      std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return rest == folder.end() && left != file.end();
}

/// The folder of one repository in huggingface_hub's cache that `folder` is a
/// snapshot in, or empty: snapshots/REVISION/... holds links into blobs/.
static fs::path cacheOf(const fs::path &folder) {
  for (fs::path at = folder; at.has_relative_path(); at = at.parent_path()) {
    std::error_code failure;
    if (at.filename() == "snapshots" &&
        fs::is_directory(at.parent_path() / "blobs", failure))
      return at.parent_path();
  }
  return {};
}

const ModelFile::External &ModelFile::external(const std::string &location) {
  if (auto known = externals.find(location); known != externals.end())
    return known->second;
  if (location.empty() || location.find('\0') != std::string::npos)
    throw Error("external data has no location");
  fs::path relative(location);
  if (relative.is_absolute())
    throw Error("the location '" + location +
                "' of its external data is an absolute path; it must be "
                "relative to the model's folder");
  fs::path normal = relative.lexically_normal();
  if (*normal.begin() == "..")
    throw Error("the location '" + location +
                "' of its external data is outside the model's folder");
  std::error_code failure;
  fs::path real = fs::canonical(fs::path(directory) / normal, failure);
  if (failure)
    throw Error("its external data file '" + location +
                "' cannot be opened: " + failure.message());
  if (!fs::is_regular_file(real, failure))
    throw Error("its external data file '" + location +
                "' is not a regular file");
  fs::path cache = cacheOf(directory);
  if (!isInside(real, directory) &&
      !isInside(real, fs::path(realPath).parent_path()) &&
      (cache.empty() || !isInside(real, cache)))
    throw Error("the location '" + location +
                "' of its external data is a link to outside the model's "
                "folder, '" +
                real.string() +
                "'; a link may lead to a file beside the model's own or into "
                "the same cache of huggingface_hub");
  uint64_t size = fs::file_size(real, failure);
  if (failure)
    throw Error("its external data file '" + location +
                "' cannot be read: " + failure.message());
  return externals[location] = {real.lexically_relative(directory), size};
}

std::string ModelFile::read(const std::string &file, uint64_t offset,
                            uint64_t length) const {
  if (file == realFile)
    return std::string(mapping.data + offset, length);
  std::string contents(length, '\0');
  // The name has no links: one that is there now has been put there since.
  int descriptor = open((fs::path(directory) / file).c_str(),
                        O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  uint64_t done = 0;
  while (descriptor >= 0 && done < length) {
    ssize_t got = pread(descriptor, contents.data() + done, length - done,
                        static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    done += static_cast<uint64_t>(got);
  }
  if (descriptor >= 0)
    close(descriptor);
  if (descriptor < 0 || done < length)
    throw Error("cannot read " + std::to_string(length) + " bytes at " +
                std::to_string(offset) + " of '" + file + "'");
  return contents;
}

} // namespace jarana::onnx
