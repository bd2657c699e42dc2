// An ONNX file, mapped: its structure as protobuf messages, its bulk data left
// where it is; and the files of external data beside it.
#pragma once

#include "onnx-ml.pb.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace jarana::onnx {

class ModelFile {
public:
  /// Throws jarana::Error where the file is not there, not regular, empty, or
  /// no ONNX model.
  explicit ModelFile(const std::string &path);

  const ::onnx::ModelProto &model() const { return proto; }
  /// The absolute path of the folder that the model is in, symbolic links
  /// resolved, and the file's name in it, which may be a link.
  const std::string &folder() const { return directory; }
  const std::string &name() const { return fileName; }
  /// The file itself, links resolved, relative to folder().
  const std::string &realName() const { return realFile; }
  uint64_t size() const { return mapping.bytes; }

  /// A file of external data: its path without links, relative to folder().
  struct External {
    std::string file;
    uint64_t size = 0;
  };
  /// Finds a file of external data. `location` must be relative to folder(),
  /// and name a regular file that is, links resolved, in the model's folder,
  /// beside the file that the model is a link to, or in the same cache of
  /// huggingface_hub. Throws jarana::Error that says what is wrong with it.
  const External &external(const std::string &location);
  /// Bytes of the model file itself (`file` = realName()) or of a file of
  /// external data (External::file). The range must have been checked.
  std::string read(const std::string &file, uint64_t offset,
                   uint64_t length) const;

private:
  struct Mapping {
    explicit Mapping(const std::string &path);
    ~Mapping();
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    const char *data = nullptr;
    uint64_t bytes = 0;
  };

  std::string realPath; ///< absolute, without links
  Mapping mapping;
  ::onnx::ModelProto proto;
  std::string directory, fileName, realFile;
  std::map<std::string, External> externals; ///< by location
};

} // namespace jarana::onnx
