// What stays generic although it matters: `--error-on-fallback`.
#pragma once

#include "dialects/onnx/ShapeInference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/raise/Report.h"

namespace jarana::raise {

/// Reports as kept what is left of sequence mixers in a function of the onnx
/// form (loops over positions, sums of decays, convolutions, softmax between
/// two products) and matrix products that no kernel takes. Nodes that the
/// report has already, with a reason, are left out. Every entry of the report
/// gets its node's share of all multiplications of the function, at 256
/// positions.
void reportLeftovers(mlir::func::FuncOp function, onnx::SymbolicShapes &shapes,
                     RaiseReport &report);

} // namespace jarana::raise
