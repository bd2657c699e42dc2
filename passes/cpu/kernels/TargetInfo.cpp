#include "passes/cpu/kernels/TargetInfo.h"

namespace jarana::cpu {

TargetInfo TargetInfo::get(int64_t vectorBits, int64_t registers) {
  if (!registers)
    registers = vectorBits == 512 ? 32 : 16;
  return {vectorBits, registers};
}

} // namespace jarana::cpu
