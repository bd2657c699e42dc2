// How much stack compiled code takes.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Module.h"

namespace jarana::pipeline {

/// The most bytes of stack that a call of one of the module's functions takes,
/// with what it calls, from the frames that LLVM made: `object` is the module's
/// code, with a section `.stack_sizes` (TargetOptions::EmitStackSizeSection).
/// Throws jarana::Error where they are not known.
uint64_t stackNeed(const llvm::Module &module, llvm::StringRef object);

} // namespace jarana::pipeline
