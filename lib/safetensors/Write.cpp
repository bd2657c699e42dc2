// Writing safetensors files: header, bytes in memory, and files that appear
// whole or not at all.
#include "lib/safetensors/Safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace jarana::safetensors {
namespace {

constexpr size_t dataAlignment = 64;

/// The order and place of each tensor: wide elements first, so that every
/// tensor is aligned to its elements without padding.
std::vector<Placement> place(const std::map<std::string, Entry> &entries) {
  std::vector<Placement> result;
  for (const auto &[name, entry] : entries) {
    if (byteCount(entry.dtype, entry.shape) != entry.bytes)
      throw Error("tensor '" + name + "' has " + std::to_string(entry.bytes) +
                  " bytes, its shape and dtype need " +
                  std::to_string(byteCount(entry.dtype, entry.shape)));
    result.push_back({name, entry.dtype, entry.shape, 0, entry.bytes});
  }
  std::sort(result.begin(), result.end(),
            [](const Placement &a, const Placement &b) {
              int64_t wide = byteSize(a.dtype), other = byteSize(b.dtype);
              return wide != other ? wide > other : a.name < b.name;
            });
  uint64_t offset = 0;
  for (Placement &placement : result) {
    placement.begin = offset;
    placement.end = offset += placement.end;
  }
  return result;
}

/// A file that is removed unless it was committed.
class PartFile {
public:
  explicit PartFile(const std::string &path)
      : final(path), part(path + ".part") {
    fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
      throw Error("cannot write '" + final + "': " + std::strerror(errno));
  }
  ~PartFile() {
    if (fd >= 0)
      ::close(fd);
    if (!committed)
      ::unlink(part.c_str());
  }
  void append(const void *bytes, uint64_t size) {
    const char *at = static_cast<const char *>(bytes);
    while (size > 0) {
      ssize_t written = ::write(fd, at, std::min<uint64_t>(size, 1u << 30));
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        throw Error("cannot write '" + final +
                    "': " + std::strerror(written < 0 ? errno : EIO));
      at += written;
      size -= written;
    }
  }
  void commit() {
    int closing = std::exchange(fd, -1);
    if (::close(closing) != 0 || ::rename(part.c_str(), final.c_str()) != 0)
      throw Error("cannot write '" + final + "': " + std::strerror(errno));
    committed = true;
  }

private:
  std::string final, part;
  int fd = -1;
  bool committed = false;
};

} // namespace

std::string header(const std::vector<Placement> &placements,
                   const std::map<std::string, std::string> &metadata) {
  // Ordered, so that tensors are listed as they lie in the file.
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  if (!metadata.empty())
    root["__metadata__"] = metadata;
  for (const Placement &p : placements)
    root[p.name] = {{"dtype", p.dtype},
                    {"shape", p.shape},
                    {"data_offsets", {p.begin, p.end}}};
  std::string text = root.dump();
  text.append(
      (dataAlignment - (8 + text.size()) % dataAlignment) % dataAlignment, ' ');
  std::string length(8, '\0');
  for (int i = 0; i < 8; ++i)
    length[i] = static_cast<char>(uint64_t(text.size()) >> (8 * i));
  return length + text;
}

std::vector<std::byte>
serialize(const std::map<std::string, Entry> &entries,
          const std::map<std::string, std::string> &metadata) {
  std::vector<Placement> placements = place(entries);
  std::string head = header(placements, metadata);
  std::vector<std::byte> result(
      head.size() + (placements.empty() ? 0 : placements.back().end));
  std::memcpy(result.data(), head.data(), head.size());
  for (const Placement &p : placements)
    if (p.end > p.begin)
      std::memcpy(result.data() + head.size() + p.begin,
                  entries.at(p.name).data, p.end - p.begin);
  return result;
}

void write(const std::string &path, const std::map<std::string, Entry> &entries,
           const std::map<std::string, std::string> &metadata) {
  std::vector<Placement> placements = place(entries);
  std::string head = header(placements, metadata);
  PartFile file(path);
  file.append(head.data(), head.size());
  for (const Placement &p : placements)
    file.append(entries.at(p.name).data, p.end - p.begin);
  file.commit();
}

} // namespace jarana::safetensors
