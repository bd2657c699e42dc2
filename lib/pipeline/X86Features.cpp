// By the tables of opcodes in volume 2 of Intel's manual. The foundation of
// AVX-512 and its four companions (CD, BW, DQ, VL) are taken as one: processors
// have all of them or, for our purposes, none.
#include "lib/pipeline/X86Features.h"
#include "runtime/CpuFeatures.h"

#include "llvm/ADT/STLExtras.h"

namespace jarana::pipeline {
namespace {

constexpr llvm::StringLiteral avx512[] = {"avx512f", "avx512cd", "avx512bw",
                                          "avx512dq", "avx512vl"};

/// Instructions of later extensions, by the beginning of LLVM's name.
constexpr struct {
  llvm::StringLiteral prefix, feature;
} later[] = {
    {"VPERMB", "avx512vbmi"},         {"VPERMI2B", "avx512vbmi"},
    {"VPERMT2B", "avx512vbmi"},       {"VPMULTISHIFTQB", "avx512vbmi"},
    {"VPCOMPRESSB", "avx512vbmi2"},   {"VPCOMPRESSW", "avx512vbmi2"},
    {"VPEXPANDB", "avx512vbmi2"},     {"VPEXPANDW", "avx512vbmi2"},
    {"VPSHLD", "avx512vbmi2"},        {"VPSHRD", "avx512vbmi2"},
    {"VPOPCNTB", "avx512bitalg"},     {"VPOPCNTW", "avx512bitalg"},
    {"VPSHUFBITQMB", "avx512bitalg"}, {"VPOPCNTD", "avx512vpopcntdq"},
    {"VPOPCNTQ", "avx512vpopcntdq"},  {"VPMADD52", "avx512ifma"},
    {"VPDPBUSD", "avx512vnni"},       {"VPDPWSSD", "avx512vnni"},
    {"VDPBF16PS", "avx512bf16"},      {"VCVTNE", "avx512bf16"},
};

/// VEX: the map of opcodes and the opcode.
void addVex(unsigned map, uint8_t opcode, std::set<std::string> &needed) {
  auto in = [&](unsigned low, unsigned high) {
    return opcode >= low && opcode <= high;
  };
  if ((map == 1 && (in(0x41, 0x4b) || in(0x90, 0x93) || in(0x98, 0x99))) ||
      (map == 3 && in(0x30, 0x33))) { // masks
    needed.insert(std::begin(avx512), std::end(avx512));
  } else if ((map == 2 && in(0xf2, 0xf7)) || (map == 3 && opcode == 0xf0)) {
    needed.insert({"bmi", "bmi2"});
  } else {
    needed.insert({"avx", "avx2"});
    if ((map == 2 && opcode == 0x13) || (map == 3 && opcode == 0x1d))
      needed.insert("f16c");
    if (map == 2 && (in(0x96, 0x9f) || in(0xa6, 0xaf) || in(0xb6, 0xbf)))
      needed.insert("fma");
  }
}

/// The encodings before VEX: after the last of the prefixes 66, F2 and F3 (0:
/// none), the bytes from the first of the opcode on.
void addLegacy(uint8_t prefix, llvm::ArrayRef<uint8_t> code,
               std::set<std::string> &needed) {
  if (code.size() < 2 || code[0] != 0x0f)
    return;
  uint8_t opcode = code[1];
  if (opcode == 0x38 || opcode == 0x3a) {
    uint8_t next = code.size() > 2 ? code[2] : 0;
    if (opcode == 0x38 && next >= 0xf0) {
      needed.insert(prefix == 0xf2 ? "sse4.2" : "movbe");
    } else if (opcode == 0x38 ? next <= 0x0b || (next >= 0x1c && next <= 0x1e)
                              : next == 0x0f) {
      needed.insert("ssse3");
    } else {
      needed.insert("sse4.1");
      if (opcode == 0x38 ? next == 0x37 : next >= 0x60 && next <= 0x63)
        needed.insert("sse4.2");
    }
    return;
  }
  if (prefix == 0xf3 && opcode == 0xb8)
    needed.insert("popcnt");
  else if (prefix == 0xf3 && opcode == 0xbd)
    needed.insert("lzcnt");
  else if (prefix == 0xf3 && opcode == 0xbc)
    needed.insert("bmi"); // where the target has it: else it is a bsf
  else if (opcode == 0x7c || opcode == 0x7d || opcode == 0xd0 ||
           (prefix == 0xf2 && (opcode == 0xf0 || opcode == 0x12)) ||
           (prefix == 0xf3 && (opcode == 0x12 || opcode == 0x16)))
    needed.insert("sse3");
}

} // namespace

bool isKnownX86Feature(llvm::StringRef feature) {
  // prefetchw does nothing on a processor without it.
  constexpr llvm::StringLiteral plain[] = {
      "prfchw", "sse3",  "ssse3", "sse4.1",  "sse4.2", "crc32",
      "popcnt", "lzcnt", "movbe", "evex512", "avx",    "avx2",
      "fma",    "f16c",  "bmi",   "bmi2"};
  return llvm::is_contained(x86Baseline, std::string_view(feature)) ||
         llvm::is_contained(plain, feature) ||
         llvm::is_contained(avx512, feature) ||
         llvm::any_of(later, [&](const auto &entry) {
           return entry.feature == feature;
         });
}

void addX86Features(llvm::StringRef name, llvm::ArrayRef<uint8_t> bytes,
                    std::set<std::string> &needed) {
  uint8_t prefix = 0;
  size_t at = 0;
  constexpr uint8_t prefixes[] = {0x66, 0xf2, 0xf3, 0x2e, 0x36, 0x3e,
                                  0x26, 0x64, 0x65, 0x67, 0xf0};
  for (; at < bytes.size() && llvm::is_contained(prefixes, bytes[at]); ++at)
    if (llvm::is_contained({0x66, 0xf2, 0xf3}, bytes[at]))
      prefix = bytes[at];
  bool hasRex = at < bytes.size() && (bytes[at] & 0xf0) == 0x40;
  llvm::ArrayRef<uint8_t> code = bytes.drop_front(at + hasRex);
  if (code.empty())
    return;
  if (hasRex || (code[0] != 0x62 && code[0] != 0xc4 && code[0] != 0xc5))
    return addLegacy(prefix, code, needed);
  if (code[0] == 0xc5 && code.size() > 2)
    return addVex(1, code[2], needed);
  if (code[0] == 0xc4 && code.size() > 3)
    return addVex(code[1] & 0x1f, code[3], needed);
  needed.insert(std::begin(avx512), std::end(avx512));
  needed.insert({"evex512", "avx", "avx2", "fma", "f16c"});
  for (const auto &[prefixOfName, feature] : later)
    if (name.starts_with(prefixOfName))
      needed.insert(feature.str());
}

} // namespace jarana::pipeline
