// What evaluating a part of a graph costs.
#pragma once

#include "passes/raise/recognise/Samples.h"

namespace jarana::raise::recognise {

struct Cost {
  double seconds = 0;
  double largest = 0; ///< elements of the largest value

  /// What all shapes of one proposal may take.
  static constexpr double mostSeconds = 2;
  /// Some four values of the largest size are alive at a time, 16 bytes an
  /// element: 0.25 GiB.
  static constexpr double mostElements = 4 << 20;

  Cost &operator+=(const Cost &other) {
    seconds += other.seconds;
    largest = std::max(largest, other.largest);
    return *this;
  }
  /// Whether there is time for it after `spent` seconds.
  bool fits(double spent) const {
    return spent + seconds <= mostSeconds && largest <= mostElements;
  }
  /// Whether it can be done at all: for shapes that tell most.
  bool isBearable() const {
    return seconds <= 20 * mostSeconds && largest <= 8 * mostElements;
  }
};

/// A rough estimate for an exact evaluation.
Cost costOf(Graph &graph, llvm::ArrayRef<mlir::Operation *> ops,
            const Sample &sample);

} // namespace jarana::raise::recognise
