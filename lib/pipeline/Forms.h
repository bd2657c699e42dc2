// The forms that a model goes through, and the phases between them.
#pragma once

#include "jarana/compiler.h"

#include "mlir/Pass/PassManager.h"

#include <string>

namespace jarana::pipeline {

enum class Form { Onnx, Hybrid, Stateful, Kernels, Llvm };

/// The form of that name. Throws OptionError for one that is not there (yet),
/// listing those that are.
Form parseForm(const std::string &name);

struct RaiseOptions {
  bool errorOnFallback = false;
  bool generalizeLength = false, generalizeBatch = false;
};

/// From the onnx form to the hybrid form. The phases after it are in
/// passes/cpu/Pipelines.h.
void populateRaisePhase(mlir::OpPassManager &pm, const RaiseOptions &options);

/// From the hybrid form to the stateful form: @prefill and @decode where they
/// can be derived from @main.
void populateStatePhase(mlir::OpPassManager &pm, const SessionRoles &roles);

} // namespace jarana::pipeline
