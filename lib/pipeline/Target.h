// The machine that code is made for, from --mtriple, --mcpu and --mattr.
#pragma once

#include "jarana/error.h"

#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <set>
#include <string>

namespace jarana::pipeline {

struct CpuTarget {
  std::string triple, cpu;
  /// What --mattr adds: taken to be used.
  std::set<std::string> wantedFeatures;
  int64_t vectorBits = 128, vectorRegisters = 16;
  /// vdpbf16ps does more multiply-adds per cycle than f32 has.
  bool dotBf16 = false;
  bool convertsF16 = true; ///< it has instructions between f16 and f32
  std::unique_ptr<llvm::TargetMachine> machine;

  /// Columns of a panel of packed weights: two vectors.
  int64_t panelWidth() const { return 2 * vectorBits / 32; }
};

/// A value that an option does not take.
class OptionError : public Error {
public:
  using Error::Error;
};

/// Throws OptionError that names the option at fault.
CpuTarget makeCpuTarget(std::string triple, std::string cpu,
                        const std::string &features);

} // namespace jarana::pipeline
