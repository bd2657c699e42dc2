// Functions that continue from a state (hybrid.state), compared with the one
// that takes whole sequences.
#pragma once

#include "lib/verify/Trace.h"

namespace jarana::verify {

/// Whether derive-state made the function from @main.
bool isDerived(mlir::func::FuncOp);

struct Derivation {
  int checks = 0;         ///< sequences that were compared
  std::string difference; ///< where one of them differs
  std::string declined;   ///< why nothing was compared
};

/// Feeds small sequences to the function piece by piece, from empty states, and
/// compares the logits after each piece with those of @main at that position,
/// exactly. Pieces have the function's own number of tokens: @decode takes one
/// at a time, and @prefill two of different length. The states that they leave
/// are those that @prefill leaves of the sequence at once.
Derivation checkDerived(Evaluator &, mlir::func::FuncOp derived);

} // namespace jarana::verify
