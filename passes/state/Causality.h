// Whether what is added to the scores of an attention hides later positions.
#pragma once

#include "passes/state/Sequence.h"

namespace jarana::state {

/// `bias` [.., m, s]: true where every element of a key s > m is shown to be
/// so low (-3e4 or less) that its weight is 0 beside that of any key that is
/// seen, whatever the inputs are. `why` says what could not be shown. (A query
/// that sees no key at all, such as a padded position under a mask of finite
/// numbers, means nothing in the graph either.)
bool hidesLater(mlir::Value bias, Sequence &sequence, std::string &why);

} // namespace jarana::state
