#include "passes/raise/recognise/TrialInputs.h"

#include "lib/reference/MlirTensors.h"
#include "passes/raise/recognise/Cost.h"
#include "passes/raise/recognise/Randomly.h"

#include <map>

using namespace mlir;
using jarana::reference::Tensor;

namespace jarana::raise::recognise {

/// Samples come with the most telling first: one position, three chunks.
/// Where there are chunks, one position and three chunks must be evaluated:
/// what differs from a scan may show in the third chunk only.
constexpr size_t positionGroup = 1, threeChunksGroup = 2;

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

AffordableSamples TrialInputs::affordable(const Sliced &cut,
                                          const Sliced &made) const {
  symbolic::Context &context = graph.shapes.context();
  SampleRequest request{
      context, {}, proposal.length, proposal.chunk, proposal.window};
  auto use = [&](const symbolic::Expr &expr) {
    for (symbolic::SymbolId id : context.simplify(expr).symbols())
      if (!llvm::is_contained(request.symbols, id))
        request.symbols.push_back(id);
  };
  auto useAll = [&](Value value) {
    const onnx::ValueInfo &info = graph.shapes[value];
    llvm::for_each(info.shape, use);
    if (info.contents)
      llvm::for_each(*info.contents, use);
  };
  for (const CutInput &input : proposal.inputs)
    useAll(input.value);
  llvm::for_each(cut.further, useAll);
  llvm::for_each(made.further, useAll);
  llvm::sort(request.symbols);

  AffordableSamples result;
  std::vector<std::pair<double, Sample>> chosen;
  std::map<size_t, double> groups; // their cost; negative: too much
  double spent = 0;
  for (Sample &sample : chooseSamples(request)) {
    Cost cost = costOf(graph, cut.ops, sample);
    cost += costOf(graph, made.ops, sample);
    auto [group, isNew] = groups.try_emplace(sample.group, -1);
    bool isRequired =
        isNew && (groups.size() == positionGroup ||
                  (proposal.chunk > 0 && groups.size() == threeChunksGroup));
    if (isRequired)
      result.required.insert(sample.group);
    if (isRequired ? cost.isBearable() : isNew && cost.fits(spent)) {
      group->second = cost.seconds;
      spent += cost.seconds;
    }
    if (isRequired && group->second < 0)
      result.tooLarge = sample.text;
    if (group->second >= 0) {
      sample.seconds = cost.seconds;
      chosen.emplace_back(group->second, std::move(sample));
    }
  }
  // Alternatives of one group stay together, in their order.
  auto order = llvm::to_vector(llvm::seq<size_t>(0, chosen.size()));
  llvm::sort(order, [&](size_t a, size_t b) {
    return std::pair(chosen[a].first, a) < std::pair(chosen[b].first, b);
  });
  for (size_t i : order)
    result.samples.push_back(std::move(chosen[i].second));
  return result;
}

} // namespace jarana::raise::recognise
