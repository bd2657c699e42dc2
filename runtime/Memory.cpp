#include "runtime/Memory.h"
#include "runtime/Status.h"

#include <algorithm>
#include <cstdlib>
#include <sys/mman.h>

namespace jarana::runtime {

alignas(64) std::byte Buffer::placeholder[64];

// From here on memory comes as huge pages where the system has them: fewer TLB
// misses in large arenas.
constexpr uint64_t hugePage = uint64_t(2) << 20;

Buffer::~Buffer() { std::free(memory); }

void Buffer::reserve(uint64_t bytes) {
  if (bytes <= size)
    return;
  uint64_t wanted = std::max(bytes, size + size / 2);
  uint64_t alignment = wanted >= 2 * hugePage ? hugePage : 64;
  if (wanted > uint64_t(INT64_MAX) - alignment)
    throw StatusError(JARANA_OUT_OF_MEMORY,
                      "cannot allocate " + std::to_string(bytes) + " bytes");
  wanted = (wanted + alignment - 1) / alignment * alignment;
  // The old contents are dead: free them first, so that the peak is one buffer,
  // not two.
  std::free(std::exchange(memory, nullptr));
  size = 0;
  memory = static_cast<std::byte *>(std::aligned_alloc(alignment, wanted));
  if (!memory)
    throw StatusError(JARANA_OUT_OF_MEMORY,
                      "cannot allocate " + std::to_string(wanted) + " bytes");
  size = wanted;
  if (alignment == hugePage)
    ::madvise(memory, wanted, MADV_HUGEPAGE);
}

int64_t checkedSum(int64_t a, int64_t b) {
  int64_t result;
  if (__builtin_add_overflow(a, b, &result))
    refuse("a tensor's size overflows");
  return result;
}

} // namespace jarana::runtime
