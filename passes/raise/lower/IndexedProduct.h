// Products with matrices that indices choose when the model runs, such as those
// of routed experts.
#pragma once

#include "passes/raise/Lowering.h"

#include <optional>

namespace jarana::raise {

/// A MatMul with a gathered side: each row of the other side meets the matrix
/// that its index picks from `matrices`.
struct IndexedProduct {
  mlir::Value matrices; ///< [e, k, n], or [e, n, k] where `transposed`
  mlir::Value indices;  ///< of the Gather or the GatherND
  mlir::Value rows;     ///< [..., m, k], or [..., k, 1] where `isColumn`
  bool transposed, isColumn;
  bool isTuple; ///< `indices` has a last dimension of size 1 (GatherND)

  /// Empty where `op` is no such product, or where its indices are known when
  /// it is compiled.
  static std::optional<IndexedProduct> match(mlir::Operation *op,
                                             onnx::SymbolicShapes &shapes);

  /// hybrid.indexed_matmul. What the indices must keep to has been checked
  /// where the matrices were gathered; the gathered ones are not read.
  Tensor lower(Lowering &lowering, mlir::Operation *op) const;
};

} // namespace jarana::raise
