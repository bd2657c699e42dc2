// Values that an exporter expanded too early, computed before the expansion.
#pragma once

#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// Makes values that are equal along some of their dimensions again with one
/// element there: f(Expand(x), w) with a weight w that repeats itself becomes
/// f(x, w[0:1]). Exact: whether a weight repeats itself is read from it.
class Narrower {
public:
  explicit Narrower(Graph &graph) : graph(graph) {}

  /// Whether `value` is known to be equal along `axes`; appends the values that
  /// the narrow one is computed from to `leaves`, each once.
  bool canNarrow(mlir::Value value, llvm::ArrayRef<int64_t> axes,
                 llvm::SmallVectorImpl<mlir::Value> &leaves);
  /// The value with one element along `axes`; null where it cannot be made.
  mlir::Value narrow(OnnxBuilder &build, mlir::Value value,
                     llvm::ArrayRef<int64_t> axes);

private:
  using Flags = llvm::SmallVector<bool>; ///< by dimension: to be narrowed
  mlir::Value walk(mlir::Value value, Flags flags);
  mlir::Value walkReshape(mlir::Operation *op, const Flags &flags);
  mlir::Value walkElementwise(mlir::Operation *op, const Flags &flags);
  bool repeats(mlir::Value weight, const Flags &flags);

  Graph &graph;
  OnnxBuilder *build = nullptr; ///< null: only look
  llvm::SmallVectorImpl<mlir::Value> *leaves = nullptr;
};

} // namespace jarana::raise::recognise
