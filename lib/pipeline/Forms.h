// The forms that a model goes through, and the phases between them.
#pragma once

#include "mlir/Pass/PassManager.h"

#include <string>

namespace jarana::pipeline {

enum class Form { Onnx, Hybrid, Kernels, Llvm };

/// The form of that name. Throws OptionError for one that is not there (yet),
/// listing those that are.
Form parseForm(const std::string &name);

/// From the onnx form to the hybrid form. The phases after it are in
/// passes/cpu/Pipelines.h.
void populateRaisePhase(mlir::OpPassManager &pm, bool errorOnFallback);

} // namespace jarana::pipeline
