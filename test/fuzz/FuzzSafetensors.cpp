// A safetensors file: what its header lets through lies inside the bytes, and
// is written again as it was read.
#include "lib/safetensors/Safetensors.h"

#include <cstdlib>
#include <cstring>

using namespace jarana;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  try {
    auto bytes = reinterpret_cast<const std::byte *>(data);
    auto file = safetensors::File::view(bytes, size, "fuzz");
    for (const auto &[name, entry] : file->entries())
      if (entry.bytes != safetensors::byteCount(entry.dtype, entry.shape) ||
          entry.data < bytes || entry.data + entry.bytes > bytes + size)
        std::abort();
    std::vector<std::byte> copy =
        safetensors::serialize(file->entries(), file->metadata());
    auto again = safetensors::File::view(copy.data(), copy.size(), "copy");
    for (const auto &[name, entry] : file->entries()) {
      const safetensors::Entry &other = again->at(name);
      if (other.shape != entry.shape || other.bytes != entry.bytes ||
          (entry.bytes && std::memcmp(other.data, entry.data, entry.bytes)))
        std::abort();
    }
  } catch (const Error &) {
  }
  return 0;
}
