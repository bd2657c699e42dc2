#include "passes/raise/recognise/ExactCheck.h"

#include "lib/reference/operators/Support.h"
#include "passes/raise/recognise/Recogniser.h"

#include <utility>

using namespace mlir;
using namespace jarana::reference;

namespace jarana::raise::recognise {
namespace {

const char *describe(Assumption assumption) {
  switch (assumption) {
  case Assumption::FarIsMinusInfinity:
    return "constants below -1e30 are minus infinity";
  case Assumption::CastsAreIdentity:
    return "float casts are the identity";
  case Assumption::LinearIsSoftplus:
    return "softplus is linear above its threshold of 20 or more";
  case Assumption::Unrounded:
    return "an attribute is taken before it was rounded";
  }
  return "";
}

const double logQ = std::log2(static_cast<double>(LargeField::q));

} // namespace

ExactCheck::ExactCheck(ModuleOp module, OwnNumbers numbers)
    : numbers(numbers),
      interpreter(module,
                  [this](Operation &op, const Interpreter::Results &results) {
                    observe(op, results);
                  },
                  {.recognising = true}) {}

ExactTensor ExactCheck::inputFrom(Tensor tensor, bool drawn, uint64_t seed) {
  ExactTensor result(tensor.dtype, tensor.shape);
  result.ints = std::move(tensor.ints);
  uint64_t next = mixed(seed);
  for (auto [exact, number] : llvm::zip_equal(result.reals, tensor.reals))
    exact = drawn ? Exact::drawn(next++) : Exact(number);
  return result;
}

FailureOr<std::vector<ExactTensor>>
ExactCheck::evaluate(func::FuncOp function, std::vector<ExactTensor> inputs,
                     uint64_t draw) {
  for (auto [argument, tensor] :
       llvm::zip_equal(function.getArguments(), inputs))
    degrees.draw(argument, tensor.shape);
  ExactEvents::decisions = 0; // nobody else's
  ExactEvents::assumptions = 0;
  if (numbers == OwnNumbers::Unknown)
    interpreter.setReading(
        {.recognising = true, .weights = draw + 1, .drawsByPlace = true});
  return interpreter.run(function, std::move(inputs));
}

void ExactCheck::observe(Operation &op, const Interpreter::Results &results) {
  if (uint64_t made = std::exchange(ExactEvents::decisions, 0))
    decisions[&op] += made;
  if (uint32_t made = std::exchange(ExactEvents::assumptions, 0))
    for (Assumption assumption :
         {Assumption::FarIsMinusInfinity, Assumption::CastsAreIdentity,
          Assumption::LinearIsSoftplus, Assumption::Unrounded})
      if (made & static_cast<uint32_t>(assumption))
        assumed.try_emplace(assumption, reportName(&op));
  StringRef name = opName(&op);
  if (numbers == OwnNumbers::Unknown &&
      (name == "Constant" || name == "load_weight") &&
      reference::isFloat(results[0]->dtype) && results[0]->size() > 1)
    return degrees.draw(op.getResult(0), results[0]->shape);
  SmallVector<const Shape *> shapes;
  for (const auto &result : results)
    shapes.push_back(result ? &result->shape : nullptr);
  degrees.observe(op, shapes);
}

void ExactCheck::noteTrial(size_t sample, ValueRange left, ValueRange right) {
  Trials &trials = bySample[sample];
  ++trials.count;
  ++allTrials;
  for (auto [a, b] : llvm::zip_equal(left, right)) {
    Degree difference = degrees.degreeOf(a) + degrees.degreeOf(b);
    trials.degree =
        std::max(trials.degree, difference.numerator + difference.denominator +
                                    degrees.hashed);
  }
  degrees.hashed = 0;
}

int ExactCheck::trialsOf(size_t sample) const {
  auto found = bySample.find(sample);
  return found == bySample.end() ? 0 : found->second.count;
}

double ExactCheck::logBoundOf(size_t sample) const {
  auto found = bySample.find(sample);
  return found == bySample.end()
             ? 0
             : found->second.count *
                   std::min(0.0, std::log2(found->second.degree) - logQ);
}

double ExactCheck::logBoundOfDecisions() const {
  double bound = -std::numeric_limits<double>::infinity();
  for (auto [op, count] : decisions)
    bound = std::max(bound, -static_cast<double>(count));
  return bound;
}

double ExactCheck::logBound() const {
  double bound = logBoundOfDecisions();
  for (const auto &[sample, trials] : bySample)
    bound = std::max(bound, logBoundOf(sample));
  return bound;
}

std::vector<std::string> ExactCheck::assumptions() const {
  std::vector<std::string> texts;
  for (const auto &[assumption, where] : assumed)
    texts.push_back(std::string(describe(assumption)) + " ('" + where + "')");
  return texts;
}

std::string firstDifference(const ExactTensor &expected,
                            const ExactTensor &found, const ExactTensor *counts,
                            bool &telling) {
  std::array<Shape, 1> strides = {
      counts ? broadcastStrides(counts->shape, expected.shape)
             : Shape(expected.shape.size(), 0)};
  std::optional<int64_t> where;
  bool real = isFloat(expected.dtype);
  forEach<1>(expected.shape, strides, [&](int64_t i, auto &at) {
    if (where || (counts && !counts->ints[at[0]]))
      return;
    if (!real) {
      telling |= expected.ints[i] != 0;
      if (expected.ints[i] != found.ints[i])
        where = i;
      return;
    }
    const Exact &a = expected.reals[i], &b = found.reals[i];
    telling |= a != Exact(0);
    if (!isSame(a, b))
      where = i;
  });
  return where ? toText(indexAt(expected.shape, *where)) : "";
}

} // namespace jarana::raise::recognise
