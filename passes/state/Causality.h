// Whether what is added to the scores of an attention hides later positions.
#pragma once

#include "passes/state/Sequence.h"

#include "mlir/IR/Value.h"

#include <string>

namespace jarana::state {

/// `bias` [.., m, s]: true where every element of a key s > m is shown to be
/// so low (-3e4 or less) that its weight is 0 beside that of a key that is
/// seen, whatever the inputs are, and that each query that is no padding sees a
/// key, or that what hides is -inf. `why` says what could not be shown.
bool hidesLater(mlir::Value bias, Sequence &sequence, std::string &why);

} // namespace jarana::state
