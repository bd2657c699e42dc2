// What evaluating a part of a graph costs.
#pragma once

#include "passes/raise/recognise/Samples.h"

namespace jarana::raise::recognise {

struct Cost {
  double seconds = 0;
  double largest = 0; ///< elements of the largest value

  /// Of all shapes of one proposal; one shape may take all of it.
  static constexpr double mostSeconds = 20;
  /// Some five values of this size are alive at a time, 8 bytes an element: 1
  /// GiB.
  static constexpr double mostElements = 27 << 20;

  Cost &operator+=(const Cost &other) {
    seconds += other.seconds;
    largest = std::max(largest, other.largest);
    return *this;
  }
  bool fits(double budget) const {
    return seconds <= budget && largest <= mostElements;
  }
};

/// A rough estimate for the reference evaluator.
Cost costOf(Graph &graph, llvm::ArrayRef<mlir::Operation *> ops,
            const Sample &sample);

} // namespace jarana::raise::recognise
