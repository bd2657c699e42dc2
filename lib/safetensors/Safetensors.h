// Reads and writes safetensors files (8-byte header length, JSON header, data).
// Shared by the runtime, the bundle writer and the tools; no MLIR, no LLVM.
// Format: https://github.com/huggingface/safetensors#format
#pragma once

#include "jarana/error.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace jarana::safetensors {

/// One tensor of a file: dtype is the format's name ("F32", "I64", "BOOL",
/// "BF16", ...).
struct Entry {
  std::string dtype;
  std::vector<int64_t> shape;
  const std::byte *data = nullptr;
  uint64_t bytes = 0;
};

/// Where a tensor lies in the data of a file: [begin, end), counted from the
/// first byte after the header.
struct Placement {
  std::string name, dtype;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

/// A file mapped read-only, or bytes in memory. Every size, offset and shape of
/// the header is checked before anything is given out (jarana::Error names the
/// file and the tensor); tensors must cover the data without holes or overlaps.
class File {
public:
  static std::shared_ptr<File> open(const std::string &path);
  /// Maps the file that `descriptor` is open on, which stays the caller's;
  /// `path` is what errors call it.
  static std::shared_ptr<File> map(int descriptor, const std::string &path);
  /// The same checks on bytes that must outlive the File; `name` is what errors
  /// call them.
  static std::shared_ptr<File> view(const std::byte *bytes, size_t size,
                                    const std::string &name);
  ~File();
  File(const File &) = delete;
  File &operator=(const File &) = delete;

  const std::map<std::string, Entry> &entries() const { return table; }
  const Entry &at(const std::string &name)
      const; // throws, naming the file and the names that there are
  const std::byte *base() const {
    return data;
  } // the first byte after the header
  uint64_t dataBytes() const { return dataSize; }
  const std::map<std::string, std::string> &metadata() const { return meta; }

private:
  File() = default;
  void parse(const std::byte *bytes, size_t size);
  void readEntries(std::string_view header);

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

/// byteSize(dtype) times the product of `shape`; throws on a negative dimension
/// or overflow.
uint64_t byteCount(const std::string &dtype, const std::vector<int64_t> &shape);

/// The length field and the JSON header for tensors that lie as told, padded
/// with spaces so that the data starts at a multiple of 64 bytes in the file.
std::string header(const std::vector<Placement> &placements,
                   const std::map<std::string, std::string> &metadata = {});

/// The whole file as bytes. Tensors with wide elements come first, so that all
/// are aligned to their elements.
std::vector<std::byte>
serialize(const std::map<std::string, Entry> &entries,
          const std::map<std::string, std::string> &metadata = {});

/// Writes to PATH.part and renames it, so that nothing half-written is left
/// under the final name.
void write(const std::string &path, const std::map<std::string, Entry> &entries,
           const std::map<std::string, std::string> &metadata = {});

} // namespace jarana::safetensors
