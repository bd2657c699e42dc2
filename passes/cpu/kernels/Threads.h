// Which thread of a parallel region runs a piece of code, as OpenMP asks for
// it. cpu-lower-parallel gives the answers.
#pragma once

#include "mlir/IR/Builders.h"

namespace jarana::cpu {

inline constexpr llvm::StringLiteral threadNumberName = "omp_get_thread_num";
inline constexpr llvm::StringLiteral threadCountName = "omp_get_num_threads";

/// The number of the thread and of the threads of the innermost region, as
/// indices: 0 and 1 outside of any. Declares OpenMP's functions in the module.
mlir::Value threadNumber(mlir::OpBuilder &builder, mlir::Location loc);
mlir::Value threadCount(mlir::OpBuilder &builder, mlir::Location loc);

} // namespace jarana::cpu
