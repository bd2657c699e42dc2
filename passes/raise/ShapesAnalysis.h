// The symbolic shapes of a function in onnx form, kept from pass to pass.
#pragma once

#include "dialects/Guarded.h"
#include "dialects/onnx/ShapeInference.h"

namespace jarana::raise {

/// An MLIR analysis of a func.func. recognise-operators computes it on the
/// graph as it was imported, infers into it what it makes, and preserves it:
/// what the imported graph assumes of its inputs is checked at run time even
/// where the ops that assume it are gone.
struct ShapesAnalysis {
  explicit ShapesAnalysis(mlir::Operation *function) : shapes(mlir::failure()) {
    (void)guarded(function, [&] {
      shapes = onnx::SymbolicShapes::compute(function);
      return mlir::success();
    });
  }

  /// Failure where the function's shapes contradict each other; that was
  /// reported when the analysis was made.
  mlir::FailureOr<onnx::SymbolicShapes> shapes;
};

} // namespace jarana::raise
