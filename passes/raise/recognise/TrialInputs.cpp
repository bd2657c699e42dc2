#include "passes/raise/recognise/TrialInputs.h"

#include "lib/reference/MlirTensors.h"
#include "passes/raise/recognise/Randomly.h"

using namespace mlir;
using jarana::reference::Tensor;

namespace jarana::raise::recognise {

std::optional<Fill> TrialInputs::fillOf(Value argument) const {
  for (const CutInput &input : proposal.arguments)
    if (input.value == argument)
      return input.fill;
  return std::nullopt;
}

FailureOr<Tensor> TrialInputs::tensorFor(Value value, std::optional<Fill> fill,
                                         const Sample &sample, uint64_t seed,
                                         bool blank) const {
  symbolic::Context &context = graph.shapes.context();
  const onnx::ValueInfo &info = graph.shapes[value];
  reference::Shape shape;
  for (const symbolic::Expr &dim : info.shape) {
    auto size = evaluate(context, dim, sample);
    if (!size || *size < 0)
      return failure();
    shape.push_back(*size);
  }
  reference::DType dtype = reference::dtypeOf(info.elementType);
  if (blank && fill && *fill != Fill::Mask && reference::isFloat(dtype))
    return Tensor(dtype, shape);
  if (fill)
    return randomTensor(dtype, shape, *fill, proposal.chunk, seed);
  Tensor tensor(dtype, shape);
  if (!info.contents)
    return tensor;
  for (auto [i, element] : llvm::enumerate(*info.contents)) {
    auto number = evaluate(context, element, sample);
    if (!number)
      return failure();
    if (reference::isFloat(dtype))
      tensor.reals.at(i) = static_cast<double>(*number);
    else
      tensor.ints.at(i) = *number;
  }
  return tensor;
}

bool TrialInputs::forEach(const Sliced &side, const Sample &sample, bool blank,
                          std::string &message, Add add) const {
  auto give = [&](Value value, std::optional<Fill> fill, uint64_t seed) {
    FailureOr<Tensor> tensor = tensorFor(value, fill, sample, seed, blank);
    if (failed(tensor))
      return false;
    add(std::move(*tensor), fill && *fill != Fill::Mask, seed);
    return true;
  };
  try {
    for (auto [i, input] : llvm::enumerate(proposal.inputs))
      if (!give(input.value, input.fill, kFirstSeed + i))
        return false;
    for (Value value : side.further) {
      uint64_t seed = kFirstSeed + 100;
      if (auto argument = dyn_cast<BlockArgument>(value))
        seed += argument.getArgNumber();
      if (!give(value, fillOf(value), seed))
        return false;
    }
  } catch (const Error &error) {
    message = error.what();
    return false;
  }
  return true;
}

} // namespace jarana::raise::recognise
