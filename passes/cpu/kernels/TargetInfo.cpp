#include "passes/cpu/kernels/TargetInfo.h"

#include <algorithm>

namespace jarana::cpu {

TargetInfo TargetInfo::get(int64_t vectorBits, int64_t registers,
                           bool dotBf16) {
  if (!registers)
    registers = vectorBits == 512 ? 32 : 16;
  return {vectorBits, registers, dotBf16 && vectorBits == 512};
}

int64_t TargetInfo::codeRows(int64_t depth) const {
  // A quarter of the registers hold sums, two columns of them.
  int64_t rows = registers / 4;
  while (rows > 1 && rows * depth > longestCodeRow)
    rows /= 2;
  return rows;
}

int64_t TargetInfo::codeColumns(int64_t bytes) const {
  constexpr int64_t cacheBytes = 1 << 18, leastColumns = 32;
  return std::max(cacheBytes / std::max<int64_t>(bytes, 1), leastColumns);
}

} // namespace jarana::cpu
