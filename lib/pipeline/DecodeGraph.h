// A prefill graph and the decode graph that was exported with it, as one
// module.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"

namespace jarana::pipeline {

/// The name that the decode graph's function has in the prefill graph's module.
inline constexpr llvm::StringLiteral stepName = "step";

/// Moves `@main` of `decode` (onnx form) into `prefill` as `@step`. Weights are
/// compared byte by byte, whatever their names: those that both graphs have are
/// stored once. An error, naming the weight, where a table or a matrix that the
/// decode graph multiplies with or looks up in is not in the prefill graph: the
/// two are not the same model. Other constants (the exporter expands some per
/// head) are added.
mlir::LogicalResult addDecodeGraph(mlir::ModuleOp prefill,
                                   mlir::ModuleOp decode);

} // namespace jarana::pipeline
