// SHA-256 as FIPS 180-4 (https://doi.org/10.6028/NIST.FIPS.180-4) defines it;
// names follow section 6.2.2. Where an x86 processor has SHA instructions they
// compute the same rounds, some six times faster: checking a checksum then
// keeps up with a disk.
#include "runtime/Sha256.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace jarana {
namespace {

// Section 4.2.2: the fractional parts of the cube roots of the first 64 primes.
alignas(16) constexpr uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t Ch(uint32_t x, uint32_t y, uint32_t z) { return (x & y) ^ (~x & z); }
uint32_t Maj(uint32_t x, uint32_t y, uint32_t z) {
  return (x & y) ^ (x & z) ^ (y & z);
}
uint32_t bigSigma0(uint32_t x) {
  return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22);
}
uint32_t bigSigma1(uint32_t x) {
  return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25);
}
uint32_t smallSigma0(uint32_t x) {
  return std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3);
}
uint32_t smallSigma1(uint32_t x) {
  return std::rotr(x, 17) ^ std::rotr(x, 19) ^ (x >> 10);
}

void compressPortable(uint32_t *H, const uint8_t *block) {
  uint32_t W[64];
  for (int t = 0; t < 16; ++t)
    W[t] = uint32_t(block[4 * t]) << 24 | uint32_t(block[4 * t + 1]) << 16 |
           uint32_t(block[4 * t + 2]) << 8 | block[4 * t + 3];
  for (int t = 16; t < 64; ++t)
    W[t] =
        smallSigma1(W[t - 2]) + W[t - 7] + smallSigma0(W[t - 15]) + W[t - 16];
  uint32_t a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6],
           h = H[7];
  for (int t = 0; t < 64; ++t) {
    uint32_t T1 = h + bigSigma1(e) + Ch(e, f, g) + K[t] + W[t];
    uint32_t T2 = bigSigma0(a) + Maj(a, b, c);
    h = g, g = f, f = e, e = d + T1, d = c, c = b, b = a, a = T1 + T2;
  }
  H[0] += a, H[1] += b, H[2] += c, H[3] += d, H[4] += e, H[5] += f, H[6] += g,
      H[7] += h;
}

#if defined(__x86_64__)
bool hasShaInstructions() {
  unsigned a, b, c, d;
  // Leaf 7, EBX bit 29 (Intel SDM, CPUID).
  asm("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
  return b >> 29 & 1 && __builtin_cpu_supports("sse4.1");
}

// SHA256RNDS2 works on the words in two registers, {a,b,e,f} and {c,d,g,h},
// highest first, and does two rounds; MSG1 and MSG2 extend the message schedule
// by four words.
__attribute__((target("sha,sse4.1"))) void compressSha(uint32_t *H,
                                                       const uint8_t *block) {
  const __m128i bigEndian =
      _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i abcd = _mm_loadu_si128(reinterpret_cast<const __m128i *>(H)),
          efgh = _mm_loadu_si128(reinterpret_cast<const __m128i *>(H + 4));
  __m128i badc = _mm_shuffle_epi32(abcd, 0xB1),
          hgfe = _mm_shuffle_epi32(efgh, 0x1B);
  __m128i abef = _mm_alignr_epi8(badc, hgfe, 8),
          cdgh = _mm_blend_epi16(hgfe, badc, 0xF0);
  __m128i abefBefore = abef, cdghBefore = cdgh, W[4];
  for (int i = 0; i < 16; ++i) {
    if (i < 4) {
      W[i] = _mm_shuffle_epi8(
          _mm_loadu_si128(reinterpret_cast<const __m128i *>(block + 16 * i)),
          bigEndian);
    } else {
      __m128i before7 = _mm_alignr_epi8(W[(i + 3) & 3], W[(i + 2) & 3], 4);
      __m128i sum = _mm_add_epi32(
          _mm_sha256msg1_epu32(W[i & 3], W[(i + 1) & 3]), before7);
      W[i & 3] = _mm_sha256msg2_epu32(sum, W[(i + 3) & 3]);
    }
    __m128i wk = _mm_add_epi32(
        W[i & 3], _mm_load_si128(reinterpret_cast<const __m128i *>(K + 4 * i)));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, wk);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(wk, 0x0E));
  }
  abef = _mm_add_epi32(abef, abefBefore),
  cdgh = _mm_add_epi32(cdgh, cdghBefore);
  __m128i feba = _mm_shuffle_epi32(abef, 0x1B),
          dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i *>(H),
                   _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i *>(H + 4),
                   _mm_alignr_epi8(dchg, feba, 8));
}
#endif

} // namespace

// Section 5.3.3: the initial hash value.
Sha256::Sha256()
    : state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
            0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {
#if defined(__x86_64__)
  static const bool has = hasShaInstructions();
  accelerated = has;
#else
  accelerated = false;
#endif
}

void Sha256::compress(const uint8_t *blocks, size_t count) {
  for (; count > 0; --count, blocks += 64) {
#if defined(__x86_64__)
    if (accelerated) {
      compressSha(state.data(), blocks);
      continue;
    }
#endif
    compressPortable(state.data(), blocks);
  }
}

void Sha256::update(const void *data, size_t size) {
  const auto *bytes = static_cast<const uint8_t *>(data);
  totalBytes += size;
  if (pendingBytes > 0) {
    size_t taken = std::min(size, pending.size() - pendingBytes);
    std::memcpy(pending.data() + pendingBytes, bytes, taken);
    pendingBytes += taken, bytes += taken, size -= taken;
    if (pendingBytes < pending.size())
      return;
    compress(pending.data(), 1);
    pendingBytes = 0;
  }
  compress(bytes, size / 64);
  bytes += size / 64 * 64, size %= 64;
  if (size > 0)
    std::memcpy(pending.data(), bytes, size);
  pendingBytes = size;
}

std::string Sha256::finish() {
  // Section 5.1.1: a one bit, zeros, and the length in bits as 64 bits.
  uint64_t bits = totalBytes * 8;
  uint8_t padding[72] = {0x80};
  size_t zeros = (pendingBytes < 56 ? 56 : 120) - pendingBytes;
  for (int i = 0; i < 8; ++i)
    padding[zeros + i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  update(padding, zeros + 8);
  std::string text;
  for (uint32_t word : state)
    for (int shift = 28; shift >= 0; shift -= 4)
      text += "0123456789abcdef"[word >> shift & 15];
  return text;
}

} // namespace jarana
