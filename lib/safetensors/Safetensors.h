// Reads and writes safetensors files (8-byte header length, JSON header, data). Shared by the runtime, the bundle writer
// and the tools; no MLIR, no LLVM.
#pragma once

#include "jarana/error.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace jarana::safetensors {

/// One tensor of a file: dtype is the format's name ("F32", "I64", "BOOL", "BF16", ...).
struct Entry {
  std::string dtype;
  std::vector<int64_t> shape;
  const std::byte *data = nullptr;
  uint64_t bytes = 0;
};

/// A file mapped read-only. Every size, offset and shape of the header is checked before anything is given out
/// (jarana::Error names the file and the tensor).
class File {
public:
  static std::shared_ptr<File> open(const std::string &path);
  ~File();
  const std::map<std::string, Entry> &entries() const { return table; }
  const Entry &at(const std::string &name) const; // throws, naming the file and the names that there are
  const std::byte *base() const { return data; }  // the first byte after the header
  uint64_t dataBytes() const { return dataSize; }
  const std::map<std::string, std::string> &metadata() const { return meta; }

private:
  File() = default;
  std::string path;
  void *mapping = nullptr;
  size_t mappingBytes = 0;
  const std::byte *data = nullptr;
  uint64_t dataSize = 0;
  std::map<std::string, Entry> table;
  std::map<std::string, std::string> meta;
};

/// Bytes per element of a dtype name; throws for an unknown one.
int64_t byteSize(const std::string &dtype);

/// Writes to PATH.part and renames it, so that nothing half-written is left under the final name.
void write(const std::string &path, const std::map<std::string, Entry> &entries,
           const std::map<std::string, std::string> &metadata = {});

} // namespace jarana::safetensors
