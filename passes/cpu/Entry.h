// The arguments of an entry function in the ABI of docs/architecture.md:
// inputs, outputs, weights, arena.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace jarana::cpu {

/// On an entry function: the number of its inputs (i64).
inline constexpr llvm::StringLiteral inputsAttr = "hybrid.num_inputs";
/// On the function that computes sizes: the entry it belongs to.
inline constexpr llvm::StringLiteral planOfAttr = "hybrid.plan_of";
/// On a weight: where it lies in the weights argument, in bytes (i64).
inline constexpr llvm::StringLiteral offsetAttr = "hybrid.offset";
/// On a check: what the entry returns where it fails (i32, negative).
inline constexpr llvm::StringLiteral codeAttr = "hybrid.code";
/// On the module: the messages of the checks; code -k is message k-1.
inline constexpr llvm::StringLiteral checksAttr = "hybrid.checks";
/// On the module in the llvm form: the scratch memory that each thread needs,
/// in bytes (i64); absent where it needs none.
inline constexpr llvm::StringLiteral scratchAttr = "hybrid.scratch_bytes";

inline bool isEntry(mlir::func::FuncOp function) {
  return function->hasAttr(inputsAttr) && !function.isDeclaration();
}
inline bool isPlan(mlir::func::FuncOp function) {
  return function->hasAttr(planOfAttr);
}
inline unsigned numInputs(mlir::func::FuncOp entry) {
  return entry->getAttrOfType<mlir::IntegerAttr>(inputsAttr).getInt();
}
inline mlir::BlockArgument arenaArgument(mlir::func::FuncOp entry) {
  return entry.getArgument(entry.getNumArguments() - 1);
}
/// The function that computes the sizes of `entry`; null where there is none.
mlir::func::FuncOp planOf(mlir::func::FuncOp entry);

/// The position of dimension `dim` of an argument among all dimensions of the
/// arguments from `first` on: with the first input or the first output, the
/// order of the plan function's two arguments.
unsigned dimNumber(mlir::func::FuncOp entry, unsigned first, unsigned argument,
                   unsigned dim);

constexpr int64_t alignment = 64;

} // namespace jarana::cpu
