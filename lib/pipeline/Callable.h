// What the code of a bundle may call, and the check of an object against it.
#pragma once

#include "lib/pipeline/Target.h"

#include "mlir/IR/BuiltinOps.h"

namespace jarana::pipeline {

/// Whether the runtime promises that a bundle's code finds this symbol.
bool isCallable(llvm::StringRef symbol);

/// Reports each symbol that the object needs and that is not callable: at the
/// op of the llvm form that calls it, or else at the functions whose code does.
mlir::LogicalResult checkCalls(mlir::ModuleOp module, llvm::StringRef object,
                               const CpuTarget &target);

} // namespace jarana::pipeline
