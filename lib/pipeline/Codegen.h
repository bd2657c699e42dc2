// From the llvm form to the bytes of a shared object.
#pragma once

#include "lib/pipeline/Target.h"

#include "mlir/IR/BuiltinOps.h"

namespace jarana::pipeline {

/// Optimises the module (llvm form, nothing else in it) and gives an object
/// file. Fails with diagnostics.
mlir::FailureOr<std::string> generateObject(mlir::ModuleOp module,
                                            CpuTarget &target);

/// Links one object file into a shared object, by lld in this process. Throws
/// jarana::Error.
std::string linkSharedObject(llvm::StringRef object);

} // namespace jarana::pipeline
