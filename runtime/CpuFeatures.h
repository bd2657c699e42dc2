// The extensions of processors that generated code may use, by LLVM's names:
// those that the runtime can find out about. The compiler says in the manifest
// which of them a bundle's code uses.
#pragma once

#include <cstdint>
#include <string_view>

// X(name): what __builtin_cpu_supports knows of x86-64.
#define JARANA_X86_FEATURES(X)                                                 \
  X("sse3")                                                                    \
  X("ssse3")                                                                   \
  X("sse4.1")                                                                  \
  X("sse4.2")                                                                  \
  X("sse4a")                                                                   \
  X("popcnt")                                                                  \
  X("lzcnt")                                                                   \
  X("movbe")                                                                   \
  X("aes")                                                                     \
  X("pclmul")                                                                  \
  X("gfni")                                                                    \
  X("vaes")                                                                    \
  X("vpclmulqdq")                                                              \
  X("avx")                                                                     \
  X("avx2")                                                                    \
  X("avxvnni")                                                                 \
  X("fma")                                                                     \
  X("fma4")                                                                    \
  X("xop")                                                                     \
  X("f16c")                                                                    \
  X("bmi")                                                                     \
  X("bmi2")                                                                    \
  X("tbm")                                                                     \
  X("adx")                                                                     \
  X("avx512f")                                                                 \
  X("avx512cd")                                                                \
  X("avx512bw")                                                                \
  X("avx512dq")                                                                \
  X("avx512vl")                                                                \
  X("avx512ifma")                                                              \
  X("avx512vbmi")                                                              \
  X("avx512vbmi2")                                                             \
  X("avx512bitalg")                                                            \
  X("avx512vpopcntdq")                                                         \
  X("avx512vnni")                                                              \
  X("avx512bf16")                                                              \
  X("avx512fp16")                                                              \
  X("amx-tile")                                                                \
  X("amx-bf16")                                                                \
  X("amx-int8")

namespace jarana {

constexpr std::string_view x86Features[] = {
#define JARANA_NAME(name) name,
    JARANA_X86_FEATURES(JARANA_NAME)
#undef JARANA_NAME
};

/// What every x86-64 processor has, and LLVM has names for.
constexpr std::string_view x86Baseline[] = {
    "64bit", "cmov", "cx8", "fxsr", "mmx", "nopl", "sse", "sse2", "x87"};

/// An extension of aarch64 and the bits that Linux says it with: all of
/// `hwcap` in the auxiliary vector's AT_HWCAP, and of `hwcap2` in AT_HWCAP2.
struct Arm64Feature {
  std::string_view name;
  uint64_t hwcap, hwcap2;
};

constexpr uint64_t bit(unsigned index) { return uint64_t(1) << index; }

constexpr Arm64Feature arm64Features[] = {
    {"aes", bit(3) | bit(4), 0},
    {"sha2", bit(5) | bit(6), 0},
    {"crc", bit(7), 0},
    {"lse", bit(8), 0},
    {"fullfp16", bit(9) | bit(10), 0},
    {"rdm", bit(12), 0},
    {"jsconv", bit(13), 0},
    {"complxnum", bit(14), 0},
    {"rcpc", bit(15), 0},
    {"ccpp", bit(16), 0},
    {"sha3", bit(17) | bit(21), 0},
    {"sm4", bit(18) | bit(19), 0},
    {"dotprod", bit(20), 0},
    {"sve", bit(22), 0},
    {"fp16fml", bit(23), 0},
    {"dit", bit(24), 0},
    {"lse2", bit(25), 0},
    {"rcpc-immo", bit(26), 0},
    {"flagm", bit(27), 0},
    {"ssbs", bit(28), 0},
    {"sb", bit(29), 0},
    {"pauth", bit(30) | bit(31), 0},
    {"sve2", 0, bit(1)},
    {"altnzcv", 0, bit(7)},
    {"fptoint", 0, bit(8)},
    {"f32mm", 0, bit(10)},
    {"f64mm", 0, bit(11)},
    {"i8mm", 0, bit(13)},
    {"bf16", 0, bit(14)},
    {"rand", 0, bit(16)},
    {"bti", 0, bit(17)},
    {"mte", 0, bit(18)},
    {"cssc", 0, bit(34)},
    {"mops", 0, bit(43)},
};

/// What every aarch64 processor under Linux has.
constexpr std::string_view arm64Baseline[] = {"fp-armv8", "neon"};

} // namespace jarana
