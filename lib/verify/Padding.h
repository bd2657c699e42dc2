// Whether a session may pad sequences: decided when the model is compiled.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "runtime/Manifest.h"

#include <string>

namespace jarana::verify {

/// Feeds small sequences, with padding before them and alone, to the functions
/// that a session drives, as a session does (runtime/Session.h): any tokens
/// under a mask of 0, positions from 0 at the first token of the sequence, in
/// one piece and in several, and further tokens after them. The logits of each
/// step must be equal, exactly (docs/exact.md), or where no padded token is
/// seen, but how many there are, in floats. Empty where they are; else why
/// a session must not pad: what padding reaches, or why nothing was compared.
/// The weights are drawn. The functions are in hybrid form.
std::string refusalOfPadding(mlir::ModuleOp, const bundle::StateSpec &);

} // namespace jarana::verify
