#include "lib/verify/Sampling.h"

using namespace mlir;
using namespace jarana::reference;

namespace jarana::verify {
namespace {

/// A division by zero of drawn numbers: others are drawn, this often.
constexpr int mostDraws = 4;
constexpr size_t fewestRuns = 4, mostRuns = 48;
/// Weights take long to draw: they are drawn so often, and then used again, but
/// for ops that decide by them alone.
constexpr uint64_t drawsOfWeights = 4;

/// Whether there is an output that is not all NaN: what is NaN is equal however
/// it was computed.
bool isTelling(const ExactTensors &outputs) {
  return llvm::any_of(outputs, [](const ExactTensor &output) {
    return !output.ints.empty() ||
           llvm::any_of(output.reals,
                        [](const Exact &value) { return !value.isNaN(); });
  });
}

class Sampler {
public:
  Sampler(Evaluator &evaluator, func::FuncOp function, bool drawsWeights)
      : evaluator(evaluator), function(function), drawsWeights(drawsWeights),
        sampling{{}, Decisions(evaluator.drawsConstants()), {}} {}

  Sampling run() {
    std::vector<Sizes> sizesOfRuns;
    uint64_t weights = 0;
    for (const Sizes &sizes : smallSizes(function))
      if (add(sizes, ++weights))
        sizesOfRuns.push_back(sizes);
    // What an op that sorts decides at once, its steps decide one by one; and a
    // graph of fixed sizes has one of them.
    size_t least = evaluator.usesPlaces() ? Decisions::wanted : fewestRuns;
    while (!sampling.runs.empty() && sampling.runs.size() < least)
      if (!add(sizesOfRuns[0], 1 + sampling.runs.size() % drawsOfWeights))
        break;
    while (!sampling.runs.empty() && sampling.runs.size() < mostRuns) {
      Operation *op = sampling.decisions.fewest(/*growing=*/true).first;
      auto shows = [op](const Run &run) { return run.decisions.contains(op); };
      auto first = llvm::find_if(sampling.runs, shows); // the smallest
      size_t at = first - sampling.runs.begin();
      if (!op || at >= sizesOfRuns.size())
        break;
      uint64_t again = 1 + sampling.runs.size() % drawsOfWeights;
      if (!add(sizesOfRuns[at], Decisions::isOfWeights(op) ? ++weights : again))
        break;
    }
    return std::move(sampling);
  }

private:
  Run draw(const Sizes &sizes, uint64_t weights, uint64_t integers) {
    Run run;
    for (int draw = 0; draw < mostDraws; ++draw) {
      auto inputs = drawInputs<Exact>(function, sizes, ++seed, integers);
      if (!inputs) {
        run.error = "the size of an input is not known";
        break;
      }
      run = evaluator.run(function, std::move(*inputs),
                          drawsWeights ? weights : 0);
      if (!run.dividedByZero)
        break;
    }
    return run;
  }

  bool add(const Sizes &sizes, uint64_t weights) {
    Run run = draw(sizes, weights, manyIntegers);
    // Integers may be indices of a small dimension.
    if (!run.succeeded())
      if (Run less = draw(sizes, weights, fewIntegers); less.succeeded())
        run = std::move(less);
    if (run.refused)
      sampling.why = "small inputs are refused: " + run.error;
    else if (!run.error.empty())
      sampling.why = run.error;
    else if (!isTelling(run.outputs))
      sampling.why = "nothing is computed but NaN";
    else {
      sampling.decisions.add(run);
      sampling.runs.push_back(std::move(run));
      return true;
    }
    return false;
  }

  Evaluator &evaluator;
  func::FuncOp function;
  bool drawsWeights;
  uint64_t seed = 0;
  Sampling sampling;
};
} // namespace

Decisions::Origin Decisions::originOf(Value value, int depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || op->getNumRegions() > 1)
    return Origin::Inputs;
  if (op->getName().getStringRef() == "hybrid.load_weight")
    return Origin::Weights;
  Origin origin = Origin::Constants;
  for (Value operand : op->getOperands()) {
    origin = std::max(origin, originOf(operand, depth - 1));
    if (origin == Origin::Inputs)
      break;
  }
  return origin;
}

Decisions::Origin Decisions::originOf(Operation *op) {
  constexpr int deepest = 12;
  Origin origin = Origin::Constants;
  for (Value operand : op->getOperands())
    origin = std::max(origin, originOf(operand, deepest));
  return origin;
}

void Decisions::add(const Run &run) {
  bool isFirst = weights.empty(), isNew = weights.insert(run.weights).second;
  for (auto [op, count] : run.decisions)
    if (isFirst || (isNew && !isFixed(op)) || !isOfWeights(op))
      counts[op] += count;
}

std::pair<Operation *, uint64_t> Decisions::fewest(bool growing) const {
  std::pair<Operation *, uint64_t> result = {nullptr, wanted};
  for (auto [op, count] : counts)
    if (count < result.second && !(growing && isFixed(op)))
      result = {op, count};
  return result;
}

Sampling sample(Evaluator &evaluator, func::FuncOp function,
                bool drawsWeights) {
  return Sampler(evaluator, function, drawsWeights).run();
}

} // namespace jarana::verify
