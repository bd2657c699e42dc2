#include "lib/reference/RunReference.h"

#include "lib/onnx/Import.h"
#include "lib/reference/Interpreter.h"
#include "lib/reference/MlirTensors.h"
#include "lib/reference/TensorIO.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <cstdio>

using namespace jarana;
using namespace jarana::reference;

namespace {
std::string nameOf(mlir::Attribute attribute, const std::string &what) {
  if (auto name = mlir::dyn_cast_if_present<mlir::StringAttr>(attribute))
    return name.str();
  throw Error("the model has a nameless " + what);
}

/// The inputs in the order of the function's arguments; throws for names that
/// are missing or unknown.
std::vector<Tensor> inOrder(mlir::func::FuncOp function,
                            std::map<std::string, Tensor> inputs) {
  std::vector<Tensor> ordered;
  std::string names;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    names += (i ? ", '" : "'") +
             nameOf(function.getArgAttr(i, "onnx.name"), "input") + "'";
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto found =
        inputs.find(nameOf(function.getArgAttr(i, "onnx.name"), "input"));
    if (found == inputs.end()) {
      if (auto value = function.getArgAttrOfType<mlir::ElementsAttr>(
              i, onnx::defaultAttr)) {
        ordered.push_back(tensorOf(value));
        continue;
      }
      throw Error("input '" +
                  nameOf(function.getArgAttr(i, "onnx.name"), "input") +
                  "' is missing; the model's inputs are " + names);
    }
    ordered.push_back(std::move(found->second));
    inputs.erase(found);
  }
  if (!inputs.empty())
    throw Error("the model has no input '" + inputs.begin()->first +
                "'; its inputs are " + names);
  return ordered;
}
} // namespace

std::map<std::string, Tensor>
reference::evaluateModel(const std::string &modelPath,
                         std::map<std::string, Tensor> inputs) {
  // Evaluation is serial; a pool of threads would only cost time to start.
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string messages;
  mlir::ScopedDiagnosticHandler handler(
      &context, [&](mlir::Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
          return mlir::success();
        std::string location;
        if (auto name =
                diagnostic.getLocation()->findInstanceOf<mlir::NameLoc>())
          location = "node '" + name.getName().str() + "': ";
        messages +=
            (messages.empty() ? "" : "\n") + location + diagnostic.str();
        return mlir::success();
      });
  onnx::ImportOptions options;
  for (const auto &[name, tensor] : inputs)
    options.given.insert(name);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      onnx::importModel(context, modelPath, options);
  if (!module)
    throw Error(messages.empty() ? modelPath + ": cannot be imported"
                                 : messages);
  auto function = module->lookupSymbol<mlir::func::FuncOp>("main");
  if (!function)
    throw Error(modelPath + ": has no function 'main'");
  Interpreter interpreter(*module);
  auto results =
      interpreter.run(function, inOrder(function, std::move(inputs)));
  if (failed(results))
    throw Error(messages.empty() ? modelPath + ": cannot be evaluated"
                                 : messages);
  std::map<std::string, Tensor> outputs;
  for (auto [i, result] : llvm::enumerate(*results))
    outputs[nameOf(function.getResultAttr(i, "onnx.name"), "output")] =
        std::move(result);
  return outputs;
}

int reference::runReference(const std::string &modelPath,
                            const std::string &inputsPath,
                            const std::string &outputsPath) {
  try {
    writeTensors(outputsPath,
                 evaluateModel(modelPath, readTensors(inputsPath)));
    return 0;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
