// Small inputs for a function: sizes for its symbolic dimensions, and elements.
#pragma once

#include "lib/reference/Exact.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <map>
#include <optional>

namespace jarana::verify {

template <class Real> using TensorsOf = std::vector<reference::TensorOf<Real>>;

/// The value of each symbol of the dimensions.
using Sizes = std::map<std::string, int64_t>;

/// The name of an argument or result ("input_ids"), or its number.
std::string nameOf(mlir::func::FuncOp, bool isResult, unsigned number);
/// What the dimensions of an argument or result are written as, one per
/// dimension: a symbol, a number, or an expression. A dynamic dimension
/// without a name has one of its own, "arg0.1".
std::vector<std::string> dimsOf(mlir::func::FuncOp, bool isResult,
                                unsigned number);
/// The value of "2 * (past + seq) - 1"; none where a symbol has none, or the
/// text is no such expression.
std::optional<int64_t> evaluate(const std::string &expression, const Sizes &);
/// The symbols of all arguments' dimensions, in the order in which they occur.
std::vector<std::string> symbolsOf(mlir::func::FuncOp);

/// Sizes that are worth a try: lengths 1, 3, 16 and 17, batches 1 and 2, with
/// nothing before the sequence and with something. Which symbol is which is
/// guessed from its name and place; a function refuses what does not fit.
std::vector<Sizes> smallSizes(mlir::func::FuncOp);

/// Fills a tensor of `shape` with positions from `begin` on, along its last
/// dimension.
void countPositions(std::vector<int64_t> &positions,
                    const reference::Shape &shape, int64_t begin);

/// How many integers are drawn from, 0 included: ids of any vocabulary, and
/// indices of small dimensions.
inline constexpr uint64_t manyIntegers = 8, fewIntegers = 3;

/// One tensor per argument. Equal names and seeds give equal elements: floats
/// are drawn from [-1, 1), or from all residues; a mask is zeros and then ones;
/// positions count from where the past ends; other integers are below
/// `integers`. None where an argument's size is not known, is none (negative)
/// or too large (Limits.h).
template <class Real>
std::optional<TensorsOf<Real>> drawInputs(mlir::func::FuncOp, const Sizes &,
                                          uint64_t seed,
                                          uint64_t integers = manyIntegers);

} // namespace jarana::verify
