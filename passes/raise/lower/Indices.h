// Indices that are data: where they point, and what they must keep to.
#pragma once

#include "passes/raise/Lowering.h"

namespace jarana::raise {

/// The message of an index that is outside a dimension.
std::string outsideMessage(mlir::Operation *op, Lowering &lowering,
                           const Expr &extent);

/// An integer element as an index that counts from the end where it is
/// negative.
mlir::Value wrapIndex(mlir::OpBuilder &b, mlir::Location loc,
                      mlir::Value element, mlir::Value extent);

/// The indices of GatherND and ScatterND: tuples along the last dimension, each
/// a place in the dimensions of the data from `batch` on.
class IndexTuples {
public:
  /// Checks all indices; fails, with an error, where the length of the tuples
  /// is not known.
  static mlir::FailureOr<IndexTuples> get(Lowering &lowering,
                                          mlir::Operation *op, Tensor indices,
                                          const Shape &data, int64_t batch);

  /// How many dimensions of the indices lead to a tuple.
  int64_t lead() const { return indices.rank() - 1; }
  /// Appends the tuple at `at` (lead() indices) to `position`.
  void append(mlir::OpBuilder &b, mlir::Location loc, mlir::ValueRange at,
              llvm::SmallVectorImpl<mlir::Value> &position) const;

private:
  Tensor indices;
  llvm::SmallVector<mlir::Value> extents;
};

} // namespace jarana::raise
