// The signature of an entry, as the manifest tells it.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/Manifest.h"

namespace jarana::pipeline {

/// Of a function in hybrid form: names, element types and dimensions from its
/// attributes. Fails, with a diagnostic, where an argument or result has no
/// name.
mlir::FailureOr<bundle::EntrySpec> signatureOf(mlir::func::FuncOp function);

/// How a session drives the functions that `derive-state` made, from their
/// attributes; none where there are none.
std::optional<bundle::StateSpec> derivedStates(mlir::ModuleOp module);

} // namespace jarana::pipeline
