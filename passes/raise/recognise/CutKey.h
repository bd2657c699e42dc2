// What tells the check of one cut from that of another.
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <optional>
#include <string>

namespace jarana::raise::recognise {

/// How a check takes the numbers of constants and weights that a cut holds.
enum class OwnNumbers {
  Unknown, ///< drawn where lib/reference/Unknowns.h says so: any will do
  Known,   ///< as they are
};

/// Bytes that are equal for modules of one context that are equal but for where
/// their ops come from and what their weights are called, and with
/// OwnNumbers::Unknown but for what is unknown. Nothing where nothing is.
std::optional<std::string> keyOf(mlir::ModuleOp slices, OwnNumbers numbers);

} // namespace jarana::raise::recognise
