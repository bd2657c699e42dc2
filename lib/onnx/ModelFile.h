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
  /// resolved, and the file's name in it.
  const std::string &folder() const { return directory; }
  const std::string &name() const { return fileName; }
  uint64_t size() const { return mapping.bytes; }

  /// The size of a file of external data. `location` must be relative and name
  /// a regular file inside the model's folder, symbolic links resolved. Throws
  /// jarana::Error that says what is wrong with the location.
  uint64_t externalSize(const std::string &location);
  /// Bytes of the model file itself (`file` = name()) or of a file of external
  /// data. The range must have been checked.
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

  Mapping mapping;
  ::onnx::ModelProto proto;
  std::string directory, fileName;
  std::map<std::string, uint64_t> externalSizes;
};

} // namespace jarana::onnx
