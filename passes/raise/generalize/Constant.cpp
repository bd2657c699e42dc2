#include "passes/raise/generalize/Constant.h"

#include "lib/reference/Interpreter.h"
#include "lib/reference/MlirTensors.h"
#include "mlir/IR/Diagnostics.h"
#include "passes/raise/recognise/Slice.h"

using namespace mlir;

namespace jarana::raise {

/// A tensor of shape arithmetic, where it is the same for all inputs.
static std::optional<reference::Tensor> numbersOf(onnx::SymbolicShapes &shapes,
                                                  Value value) {
  const onnx::ValueInfo &info = shapes[value];
  if (!info.contents)
    return std::nullopt;
  reference::Shape shape;
  for (const symbolic::Expr &dim : info.shape)
    shape.push_back(dim.constant().value_or(-1));
  if (llvm::is_contained(shape, -1))
    return std::nullopt;
  reference::Tensor tensor(reference::dtypeOf(info.elementType), shape);
  for (auto [i, element] : llvm::enumerate(*info.contents)) {
    std::optional<int64_t> number = element.constant();
    if (!number)
      return std::nullopt;
    if (reference::isFloat(tensor.dtype))
      tensor.reals[i] = static_cast<double>(*number);
    else
      tensor.ints[i] = *number;
  }
  return tensor;
}

std::optional<reference::Tensor> evaluateConstant(func::FuncOp function,
                                                  onnx::SymbolicShapes &shapes,
                                                  Value value) {
  recognise::Graph graph{function, shapes};
  OwningOpRef<ModuleOp> module = recognise::moduleForSlices(function);
  recognise::Sliced sliced =
      recognise::sliceBetween(graph, {}, value, "table", *module);
  if (!sliced.reason.empty())
    return std::nullopt;
  std::vector<reference::Tensor> arguments;
  for (Value known : sliced.further)
    if (auto tensor = numbersOf(shapes, known))
      arguments.push_back(std::move(*tensor));
    else
      return std::nullopt;
  ScopedDiagnosticHandler quiet(function.getContext(),
                                [](Diagnostic &) { return success(); });
  reference::Interpreter interpreter(*module);
  auto results = interpreter.run(sliced.function, std::move(arguments));
  if (failed(results) || results->empty())
    return std::nullopt;
  return results->front();
}

} // namespace jarana::raise
