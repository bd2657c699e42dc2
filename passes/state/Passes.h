// Passes from the hybrid form to the stateful form.
#pragma once

#include "dialects/hybrid/Hybrid.h"
#include "mlir/Pass/Pass.h"

namespace jarana::state {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/state/Passes.h.inc"

/// On a derived function: what a session does with its arguments and results,
/// {ids, mask?, positions?, logits, tensors = [{input, output, kind, node}]}.
inline constexpr llvm::StringLiteral stateAttr = "hybrid.state";
/// On the module: why there are no derived functions (a string).
inline constexpr llvm::StringLiteral refusalAttr = "hybrid.state_refusal";
/// On the module: how each op acts on the sequence, as an array of
/// dictionaries {node, op, axis, action}.
inline constexpr llvm::StringLiteral reportAttr = "hybrid.state_report";

} // namespace jarana::state
