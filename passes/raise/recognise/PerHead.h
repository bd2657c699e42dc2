// Values in the layout of LinearAttention.
#pragma once

#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// B or C of a scan as [b, s, h * n]: each of the groups serves h / groups
/// heads. `value` has the batch and the length in front ([b, s, groups, n] or
/// flatter), or only the batch where `length` is given.
mlir::Value perHead(OnnxBuilder &build, mlir::Value value, int64_t groups,
                    int64_t heads, int64_t state, int64_t length = 0);

/// LinearAttention with the gated rule, as the importer makes it: the output
/// [b, s, h * p] and the state after the last position [b, h, n, p].
mlir::SmallVector<mlir::Value> scanOp(OnnxBuilder &build, mlir::Value query,
                                      mlir::Value key, mlir::Value value,
                                      mlir::Value past, mlir::Value decay,
                                      int64_t heads);

} // namespace jarana::raise::recognise
