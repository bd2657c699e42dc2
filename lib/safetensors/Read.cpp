// Opening a safetensors file: nothing of the header is believed before it is
// checked.
#include "lib/safetensors/Safetensors.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <sys/mman.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

using nlohmann::json;

namespace jarana::safetensors {
namespace {

// The format's own limit; it keeps a damaged length from allocating gigabytes.
constexpr uint64_t maxHeaderBytes = 100'000'000;

/// Closes the descriptor on every way out.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0)
      ::close(fd);
  }
};

/// Parses the header, refusing what JSON tolerates and a header never has:
/// repeated names and deep nesting.
json parseHeader(std::string_view text) {
  std::set<std::string> names;
  std::string problem;
  auto watch = [&](int depth, json::parse_event_t event, json &value) {
    if (depth > 4)
      throw Error("the header is nested too deeply");
    if (event == json::parse_event_t::key && depth == 1 &&
        !names.insert(value.get<std::string>()).second)
      throw Error("tensor '" + value.get<std::string>() + "' is listed twice");
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::exception &e) {
    throw Error(
        std::string("the header is not valid JSON (truncated or damaged?): ") +
        e.what());
  }
}

std::vector<int64_t> readShape(const json &info) {
  const json &list = info.at("shape");
  if (!list.is_array())
    throw Error("'shape' is not a list");
  std::vector<int64_t> shape;
  for (const json &dim : list) {
    if (!dim.is_number_unsigned() || dim.get<uint64_t>() > uint64_t(INT64_MAX))
      throw Error("a dimension is not a non-negative integer");
    shape.push_back(dim.get<int64_t>());
  }
  return shape;
}

} // namespace

std::shared_ptr<File> File::open(const std::string &path) {
  Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.fd < 0)
    throw Error("cannot open '" + path + "': " + std::strerror(errno));
  return map(file.fd, path);
}

std::shared_ptr<File> File::map(int descriptor, const std::string &path) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode))
    throw Error("'" + path + "' is not a regular file");
  if (status.st_size < 8)
    throw Error("'" + path + "' is not a safetensors file: it has only " +
                std::to_string(status.st_size) + " bytes");
  void *mapping =
      ::mmap(nullptr, status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (mapping == MAP_FAILED)
    throw Error("cannot map '" + path + "': " + std::strerror(errno));
  std::shared_ptr<File> result(new File);
  result->path = path;
  result->mapping = mapping;
  result->mappingBytes = status.st_size;
  result->parse(static_cast<const std::byte *>(mapping), status.st_size);
  return result;
}

std::shared_ptr<File> File::view(const std::byte *bytes, size_t size,
                                 const std::string &name) {
  std::shared_ptr<File> result(new File);
  result->path = name;
  result->parse(bytes, size);
  return result;
}

File::~File() {
  if (mapping)
    ::munmap(mapping, mappingBytes);
}

void File::parse(const std::byte *bytes, size_t size) {
  try {
    if (size < 8)
      throw Error("it has only " + std::to_string(size) + " bytes");
    uint64_t length = 0;
    for (int i = 7; i >= 0; --i)
      length = length << 8 | std::to_integer<uint64_t>(bytes[i]);
    if (length > maxHeaderBytes)
      throw Error("the header's length " + std::to_string(length) +
                  " is not plausible");
    if (length > size - 8)
      throw Error("the header has " + std::to_string(length) +
                  " bytes, but the file only " + std::to_string(size));
    data = bytes + 8 + length;
    dataSize = size - 8 - length;
    readEntries({reinterpret_cast<const char *>(bytes + 8),
                 static_cast<size_t>(length)});
  } catch (const json::exception &e) {
    throw Error("'" + path + "' is not a safetensors file: " + e.what());
  } catch (const Error &e) {
    throw Error("'" + path + "' is not a safetensors file: " + e.what());
  }
}

void File::readEntries(std::string_view text) {
  json root = parseHeader(text);
  if (!root.is_object())
    throw Error("the header is not a JSON object");
  struct Range {
    uint64_t begin, end;
    const std::string *name;
  };
  std::vector<Range> ranges;
  for (const auto &[name, info] : root.items()) {
    if (name == "__metadata__") {
      if (!info.is_object())
        throw Error("'__metadata__' is not an object");
      for (const auto &[key, value] : info.items()) {
        if (!value.is_string())
          throw Error("'__metadata__' may only hold strings, but '" + key +
                      "' is not one");
        meta[key] = value.get<std::string>();
      }
      continue;
    }
    try {
      Entry entry;
      if (!info.is_object() || !info.at("dtype").is_string())
        throw Error("'dtype' is not a string");
      entry.dtype = info.at("dtype").get<std::string>();
      entry.shape = readShape(info);
      const json &offsets = info.at("data_offsets");
      if (!offsets.is_array() || offsets.size() != 2 ||
          !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
        throw Error("'data_offsets' is not a pair of non-negative integers");
      uint64_t begin = offsets[0].get<uint64_t>(),
               end = offsets[1].get<uint64_t>();
      if (begin > end || end > dataSize)
        throw Error("its data [" + std::to_string(begin) + ", " +
                    std::to_string(end) + ") lies outside of the file's " +
                    std::to_string(dataSize) + " bytes of data (truncated?)");
      entry.bytes = byteCount(entry.dtype, entry.shape);
      if (entry.bytes != end - begin)
        throw Error("its shape and dtype need " + std::to_string(entry.bytes) +
                    " bytes, its data has " + std::to_string(end - begin));
      entry.data = data + begin;
      auto at = table.emplace(name, std::move(entry)).first;
      ranges.push_back({begin, end, &at->first});
    } catch (const std::exception &e) {
      throw Error("tensor '" + name + "': " + e.what());
    }
  }
  std::sort(ranges.begin(), ranges.end(), [](const Range &a, const Range &b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  uint64_t covered = 0;
  for (const Range &range : ranges) {
    if (range.begin != covered)
      throw Error("tensor '" + *range.name + "': its data starts at " +
                  std::to_string(range.begin) +
                  ", but the data before it ends at " +
                  std::to_string(covered));
    covered = range.end;
  }
  if (covered != dataSize)
    throw Error("the tensors cover " + std::to_string(covered) +
                " bytes of data, but the file has " + std::to_string(dataSize));
}

const Entry &File::at(const std::string &name) const {
  auto found = table.find(name);
  if (found != table.end())
    return found->second;
  std::string names;
  size_t listed = 0;
  for (const auto &[other, entry] : table) {
    if (++listed > 20) {
      names += ", ...";
      break;
    }
    names += (names.empty() ? "" : ", ") + other;
  }
  throw Error("'" + path + "' has no tensor '" + name +
              "'; it has: " + (names.empty() ? "none" : names));
}

int64_t byteSize(const std::string &dtype) {
  static const std::map<std::string, int64_t, std::less<>> sizes = {
      {"BOOL", 1},    {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1},
      {"F8_E5M2", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
      {"BF16", 2},    {"I32", 4}, {"U32", 4}, {"F32", 4},
      {"I64", 8},     {"U64", 8}, {"F64", 8}, {"C64", 8}};
  auto found = sizes.find(dtype);
  if (found == sizes.end())
    throw Error("unknown dtype '" + dtype + "'");
  return found->second;
}

uint64_t byteCount(const std::string &dtype,
                   const std::vector<int64_t> &shape) {
  uint64_t bytes = byteSize(dtype);
  for (int64_t dim : shape) {
    if (dim < 0)
      throw Error("negative dimension " + std::to_string(dim));
    if (__builtin_mul_overflow(bytes, uint64_t(dim), &bytes))
      throw Error("the shape's size overflows");
  }
  return bytes;
}

} // namespace jarana::safetensors
