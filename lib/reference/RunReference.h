// A model file evaluated by the reference operators: what `jarana-run
// --reference` does.
#pragma once

#include "lib/reference/Tensor.h"

#include <map>
#include <string>

namespace jarana::reference {

/// Imports the model and evaluates it on `inputs`, one per input of the model,
/// by ONNX's names; gives the outputs by name. Throws jarana::Error with what
/// the importer or the evaluator said.
std::map<std::string, Tensor>
evaluateModel(const std::string &modelPath,
              std::map<std::string, Tensor> inputs);

/// The same from and to safetensors files. Gives the exit status: 0, or 1 with
/// messages on stderr, and then no file is written.
int runReference(const std::string &modelPath, const std::string &inputsPath,
                 const std::string &outputsPath);

} // namespace jarana::reference
