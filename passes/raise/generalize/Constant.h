// The value of what depends on no input of the graph.
#pragma once

#include "dialects/onnx/ShapeInference.h"
#include "lib/reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <optional>

namespace jarana::raise {

/// Evaluates a value of a function in onnx form; empty where it depends on the
/// arguments, or cannot be evaluated.
std::optional<reference::Tensor> evaluateConstant(mlir::func::FuncOp function,
                                                  onnx::SymbolicShapes &shapes,
                                                  mlir::Value value);

} // namespace jarana::raise
