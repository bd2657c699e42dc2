// What the compiler's context knows.
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace jarana::pipeline {

/// The dialects of all forms, with what bufferization, inlining and the
/// conversions to LLVM need to know of them.
mlir::DialectRegistry dialects();

} // namespace jarana::pipeline
