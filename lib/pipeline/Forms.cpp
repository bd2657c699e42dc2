#include "lib/pipeline/Forms.h"
#include "lib/pipeline/Target.h"
#include "passes/raise/Passes.h"
#include "passes/state/Passes.h"

#include "mlir/Transforms/Passes.h"

namespace jarana::pipeline {

Form parseForm(const std::string &name) {
  if (name == "onnx")
    return Form::Onnx;
  if (name == "hybrid")
    return Form::Hybrid;
  if (name == "stateful")
    return Form::Stateful;
  if (name == "kernels")
    return Form::Kernels;
  if (name == "llvm")
    return Form::Llvm;
  if (name == "planned")
    throw OptionError(
        "--emit=planned is not there yet; onnx, hybrid, stateful, kernels and "
        "llvm are");
  throw OptionError("--emit: there is no form '" + name +
                    "'; there are onnx, hybrid, stateful, kernels and llvm");
}

void populateRaisePhase(mlir::OpPassManager &pm, const RaiseOptions &options) {
  pm.addPass(raise::createRecogniseOperatorsPass());
  // raise-onnx uses what recognise-operators learned of the shapes: no pass
  // between, unless the limits of the graph are to be forgotten.
  if (options.generalizeLength || options.generalizeBatch)
    pm.addPass(raise::createGeneralizeShapesPass(
        {options.generalizeLength, options.generalizeBatch}));
  pm.addPass(raise::createRaiseOnnxPass({options.errorOnFallback}));
  // What raising leaves unused is not looked at again.
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

void populateStatePhase(mlir::OpPassManager &pm, const SessionRoles &roles) {
  pm.addPass(state::createDeriveStatePass(
      {roles.ids, roles.mask, roles.positions, roles.logits}));
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}

} // namespace jarana::pipeline
