// Passes that evaluate; see Passes.td.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace jarana::verify {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "lib/verify/Passes.h.inc"

} // namespace jarana::verify
