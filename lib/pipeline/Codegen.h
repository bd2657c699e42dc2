// From the llvm form to the bytes of a shared object.
#pragma once

#include "lib/pipeline/Target.h"

#include "mlir/IR/BuiltinOps.h"

namespace jarana::pipeline {

struct GeneratedCode {
  std::string object;      ///< an object file
  uint64_t stackBytes = 0; ///< of stack, that a call of it takes at most
};

/// Optimises the module (llvm form, nothing else in it) and makes code of it.
/// Fails with diagnostics, also where the code calls what the runtime does not
/// have.
mlir::FailureOr<GeneratedCode> generateObject(mlir::ModuleOp module,
                                              CpuTarget &target);

/// Links one object file into a shared object, by lld in this process. Throws
/// jarana::Error.
std::string linkSharedObject(llvm::StringRef object);

} // namespace jarana::pipeline
