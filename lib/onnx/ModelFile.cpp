#include "lib/onnx/ModelFile.h"

#include "jarana/error.h"
#include "lib/onnx/Skeleton.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jarana::onnx {

namespace fs = std::filesystem;

ModelFile::Mapping::Mapping(const std::string &path) {
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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

ModelFile::ModelFile(const std::string &path) : mapping(path) {
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
}

uint64_t ModelFile::externalSize(const std::string &location) {
  if (auto known = externalSizes.find(location); known != externalSizes.end())
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
  auto [inside, rest] =
      std::mismatch(directory.begin(), directory.end(), real.native().begin(),
                    real.native().end());
  if (inside != directory.end() ||
      (directory != "/" && (rest == real.native().end() || *rest != '/')))
    throw Error(
        "the location '" + location +
        "' of its external data is a link to outside the model's folder");
  uint64_t size = fs::file_size(real, failure);
  if (failure)
    throw Error("its external data file '" + location +
                "' cannot be read: " + failure.message());
  externalSizes[location] = size;
  return size;
}

std::string ModelFile::read(const std::string &file, uint64_t offset,
                            uint64_t length) const {
  if (file == fileName)
    return std::string(mapping.data + offset, length);
  std::ifstream stream(fs::path(directory) / file, std::ios::binary);
  std::string contents(length, '\0');
  if (!stream.seekg(static_cast<std::streamoff>(offset)) ||
      !stream.read(contents.data(), static_cast<std::streamsize>(length)))
    throw Error("cannot read " + std::to_string(length) + " bytes at " +
                std::to_string(offset) + " of '" + file + "'");
  return contents;
}

} // namespace jarana::onnx
