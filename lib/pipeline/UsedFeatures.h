// Which extensions of the processor the code of an object needs.
#pragma once

#include "lib/pipeline/Target.h"

namespace jarana::pipeline {

/// "+avx,+avx2,...": the features, by LLVM's names, without which an
/// instruction of the object could not be executed, beyond what every processor
/// of the architecture has. Throws Error where that cannot be told.
std::string usedFeatures(llvm::StringRef object, const CpuTarget &target);

} // namespace jarana::pipeline
