// How large a function may be to be evaluated over residues.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace jarana::verify {

/// An exact number takes 16 bytes, and a product of two some nanoseconds: this
/// many are 512 MiB, and seconds for each size and pass.
inline constexpr int64_t kMostNumbers = int64_t{1} << 25;

/// The elements of a shape, dynamic sizes taken as 1; beyond 64 bits too.
double numbersOf(llvm::ArrayRef<int64_t> shape);

/// Why the function is too large: its arguments without dynamic dimensions and
/// the weights that it loads have more than kMostNumbers elements. Empty where
/// it is not.
std::string tooLarge(mlir::func::FuncOp);

} // namespace jarana::verify
