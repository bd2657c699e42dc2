// Whether this machine can execute what a bundle was compiled for.
#pragma once

#include "runtime/Manifest.h"

namespace jarana::runtime {

/// Throws StatusError (JARANA_BAD_BUNDLE) that says what is missing: another
/// architecture or system, or a feature of the CPU.
void checkTarget(const bundle::Target &target);

} // namespace jarana::runtime
