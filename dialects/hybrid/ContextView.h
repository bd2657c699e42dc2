// What a position of a sequence mixer sees of the context.
#pragma once

#include "mlir/IR/Value.h"

#include <optional>

namespace mlir::hybrid {

struct ContextView {
  /// Position m sees the context up to m + `offset`, and nothing later.
  bool isCausal = false;
  /// Absent where it is not known before the model runs.
  std::optional<int64_t> offset = 0;
  /// [..., m, s], added to the scores: values that are low enough hide what is
  /// at s from m. Null where there is none.
  Value bias = {};
};

} // namespace mlir::hybrid
