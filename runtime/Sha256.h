// SHA-256 (FIPS 180-4), for the checksums of bundles.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace jarana {

class Sha256 {
public:
  Sha256();
  void update(const void *bytes, size_t size);
  /// The digest of everything updated so far, in lower-case hexadecimal; the
  /// object is spent afterwards.
  std::string finish();

  /// For tests: keeps to the portable code on processors that have SHA
  /// instructions.
  void usePortableCode() { accelerated = false; }

private:
  void compress(const uint8_t *blocks, size_t count);

  std::array<uint32_t, 8> state;
  std::array<uint8_t, 64> pending;
  size_t pendingBytes = 0;
  uint64_t totalBytes = 0;
  bool accelerated;
};

} // namespace jarana
