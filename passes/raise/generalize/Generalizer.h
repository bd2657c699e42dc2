// Makes the sequence's length and the batch of a function in onnx form
// symbolic.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Support/LogicalResult.h"

namespace jarana::raise {

/// The token ids are the integer argument [batch, length] that indexes an
/// embedding. Its dimensions, and those of other arguments that were traced at
/// the same sizes, become symbols; what the exporter wrote as numbers because
/// of them (shapes of Reshape, ends of Slice, tables over positions) follows.
/// Where the graph stays limited to some sizes all the same, an error that
/// names the node and the limit; the function is then of no further use.
mlir::LogicalResult generalizeShapes(mlir::func::FuncOp function, bool length,
                                     bool batch);

} // namespace jarana::raise
