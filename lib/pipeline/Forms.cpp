#include "lib/pipeline/Forms.h"
#include "lib/pipeline/Target.h"
#include "passes/raise/Passes.h"

#include "mlir/Transforms/Passes.h"

namespace jarana::pipeline {

Form parseForm(const std::string &name) {
  if (name == "onnx")
    return Form::Onnx;
  if (name == "hybrid")
    return Form::Hybrid;
  if (name == "kernels")
    return Form::Kernels;
  if (name == "llvm")
    return Form::Llvm;
  if (name == "stateful" || name == "planned")
    throw OptionError("--emit=" + name +
                      " is not there yet; onnx, hybrid, kernels and llvm are");
  throw OptionError("--emit: there is no form '" + name +
                    "'; there are onnx, hybrid, kernels and llvm");
}

void populateRaisePhase(mlir::OpPassManager &pm, bool errorOnFallback) {
  pm.addPass(raise::createRecogniseOperatorsPass());
  // It uses what recognise-operators learned of the shapes: no pass between.
  raise::RaiseOnnxPassOptions options;
  options.errorOnFallback = errorOnFallback;
  pm.addPass(raise::createRaiseOnnxPass(options));
  // What raising leaves unused is not looked at again.
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

} // namespace jarana::pipeline
