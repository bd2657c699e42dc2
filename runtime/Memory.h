// Aligned, growing memory for tensors, states and the arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace jarana::runtime {

/// Uninitialised memory aligned to 64 bytes. Never null, so that a tensor
/// without elements has an address too.
class Buffer {
public:
  Buffer() = default;
  Buffer(Buffer &&other) noexcept { swap(other); }
  Buffer &operator=(Buffer &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer();

  /// Makes room for `bytes`; what was there is lost when it grows. Grows by
  /// half at least, so that a buffer which grows by a position per step is
  /// allocated a logarithmic number of times. Throws StatusError
  /// (JARANA_OUT_OF_MEMORY).
  void reserve(uint64_t bytes);
  std::byte *data() { return memory ? memory : placeholder; }
  const std::byte *data() const { return memory ? memory : placeholder; }
  uint64_t capacity() const { return size; }
  void swap(Buffer &other) noexcept {
    std::swap(memory, other.memory);
    std::swap(size, other.size);
  }

private:
  alignas(64) static std::byte placeholder[64];
  std::byte *memory = nullptr;
  uint64_t size = 0;
};

/// a + b, throwing where it overflows 63 bits.
int64_t checkedSum(int64_t a, int64_t b);

} // namespace jarana::runtime
