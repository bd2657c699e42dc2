// Whether this machine can execute what a bundle was compiled for.
#pragma once

#include "runtime/Manifest.h"

#include <functional>

namespace jarana::runtime {

struct Machine {
  std::string architecture;
  /// Whether it has the feature of that name, as LLVM spells it. False for a
  /// name that says nothing to this runtime.
  std::function<bool(std::string_view)> has;
};

/// The one that this process runs on.
const Machine &thisMachine();

/// An aarch64 machine of which Linux's auxiliary vector says this (AT_HWCAP,
/// AT_HWCAP2).
Machine arm64Machine(uint64_t hwcap, uint64_t hwcap2);

/// Throws StatusError (JARANA_BAD_BUNDLE) that says what is missing: another
/// architecture or system, or a feature of the CPU.
void checkTarget(const bundle::Target &target,
                 const Machine &machine = thisMachine());

} // namespace jarana::runtime
