#include "lib/probe/Loops.h"

namespace jarana::probe {
namespace {

// Enough floats per step for 8 independent sums at every vector width.
constexpr size_t kFloatsPerStep = 128;

template <class Vector>
[[gnu::always_inline]] inline float total(const Vector &v) {
  float result = 0;
  for (size_t i = 0; i < sizeof(Vector) / sizeof(float); ++i)
    result += v[i];
  return result;
}

template <class Vector>
[[gnu::always_inline]] inline float sumAs(const float *data, size_t count) {
  constexpr size_t lanes = sizeof(Vector) / sizeof(float);
  constexpr size_t vectors =
      kFloatsPerStep / lanes < 8 ? kFloatsPerStep / lanes : 8;
  Vector sums[vectors] = {};
  for (size_t i = 0; i < count; i += vectors * lanes)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < vectors; ++j)
      sums[j] += *reinterpret_cast<const Vector *>(data + i + j * lanes);
  float result = 0;
  for (const Vector &sum : sums)
    result += total(sum);
  return result;
}

// `chains` independent chains cover latency times issue width on every core so
// far, and fit the register file.
template <class Vector, size_t chains>
[[gnu::always_inline]] inline float multiplyAddAs(size_t rounds) {
  Vector sums[chains];
  for (size_t j = 0; j < chains; ++j)
    sums[j] = Vector{} + static_cast<float>(j);
  Vector factor = Vector{} + 0.5f, addend = Vector{} + 1.0f;
  // The compiler must not know the values, or it would fold the chains.
  asm volatile("" : "+m"(factor), "+m"(addend));
  for (size_t i = 0; i < rounds; ++i)
#pragma clang loop unroll(full)
    for (size_t j = 0; j < chains; ++j)
      sums[j] = sums[j] * factor + addend;
  float result = 0;
  for (const Vector &sum : sums)
    result += total(sum);
  return result;
}

typedef float Vector4 __attribute__((vector_size(16)));
typedef float Vector8 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(64)));

float sum128(const float *data, size_t count) {
  return sumAs<Vector4>(data, count);
}
float multiplyAdd128(size_t rounds) {
  return multiplyAddAs<Vector4, 12>(rounds);
}
[[maybe_unused]] constexpr Loops baseline{sum128, multiplyAdd128, 12 * 4 * 2};

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,fma")))
AVX2 float sum256(const float *data, size_t count) {
  return sumAs<Vector8>(data, count);
}
AVX2 float multiplyAdd256(size_t rounds) {
  return multiplyAddAs<Vector8, 12>(rounds);
}
AVX512 float sum512(const float *data, size_t count) {
  return sumAs<Vector16>(data, count);
}
AVX512 float multiplyAdd512(size_t rounds) {
  return multiplyAddAs<Vector16, 16>(rounds);
}
constexpr Loops avx2{sum256, multiplyAdd256, 12 * 8 * 2};
constexpr Loops avx512{sum512, multiplyAdd512, 16 * 16 * 2};
#endif

} // namespace

const Loops &loops() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f"))
    return avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return avx2;
#endif
  return baseline;
}

} // namespace jarana::probe
