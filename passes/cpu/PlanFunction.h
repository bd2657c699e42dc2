// The function that computes sizes before the model runs.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"

namespace jarana::cpu {

/// Makes `@NAME_plan(%dims: memref<?xi64>, %out: memref<?xi64>) -> i64` beside
/// the tensor function `entry`: from all dimensions of all inputs it computes
/// those of the outputs, and the checks that depend on nothing else. It returns
/// 0; cpu-plan-arena makes that the size of the arena. Fails, with an error at
/// the entry, where the shape of an output depends on values.
mlir::LogicalResult
makePlanFunction(mlir::func::FuncOp entry,
                 llvm::function_ref<mlir::LogicalResult(mlir::OpPassManager &,
                                                        mlir::Operation *)>
                     run);

} // namespace jarana::cpu
