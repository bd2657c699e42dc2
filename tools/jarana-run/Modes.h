// The modes of jarana-run.
#pragma once

#include "tools/common/Options.h"

namespace jarana::tools {

/// --inputs --outputs: the model's own signature, on safetensors files.
int runSignature(const Options &options);
/// --prompt-ids --generate: tokens.
int runGenerate(const Options &options);

} // namespace jarana::tools
