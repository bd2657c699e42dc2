// The inner loops of the probes, one set per instruction set.
#pragma once

#include <cstddef>

namespace jarana::probe {

struct Loops {
  /// Reads `count` floats (a multiple of 512; 64-byte aligned); the result
  /// depends on each.
  float (*sum)(const float *data, size_t count);
  /// Does `rounds` rounds of multiply-adds; the result depends on each.
  float (*multiplyAdd)(size_t rounds);
  /// Floating-point operations of one round.
  size_t operationsPerRound;
};

/// The widest set that this CPU runs.
const Loops &loops();

} // namespace jarana::probe
