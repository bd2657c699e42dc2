#include "passes/raise/recognise/Verifier.h"

#include "jarana/error.h"
#include "lib/reference/Interpreter.h"
#include "lib/reference/operators/Support.h"
#include "passes/raise/recognise/ExactCheck.h"
#include "passes/raise/recognise/Samples.h"
#include "passes/raise/recognise/TrialInputs.h"
#include "llvm/Support/Format.h"

#include <cmath>

using namespace mlir;
using jarana::reference::Tensor;

namespace jarana::raise::recognise {
namespace {

/// The bounds that the exact trials must reach: 2^-40.
constexpr double wantedLogBound = -40;
/// An op that decides few elements needs many trials for that.
constexpr int mostTrials = 64;
/// Inputs are drawn again where a number was divided by zero.
constexpr int mostDraws = 3;
/// Where an exact trial takes longer than this, floats do not look as well (but
/// at the first shape).
constexpr double mostSecondsOfFloats = 0.5;

/// The largest relative difference of floats. Loose, as large roundings refuse
/// no raise: it is for what is exact in residues only by an assumption.
double toleranceOf(Type element) {
  return element.isBF16() ? 1.5e-2 : element.isF16() ? 2e-3 : 1e-3;
}

/// Compares tensors of one shape: the largest difference where `counts` (null:
/// everywhere), relative to the largest magnitude of `expected`. Infinity where
/// they are not finite at different places.
double difference(const Tensor &expected, const Tensor &found,
                  const Tensor *counts) {
  double largest = 0, most = 0;
  std::array<reference::Shape, 1> strides = {
      counts ? reference::broadcastStrides(counts->shape, expected.shape)
             : reference::Shape(expected.shape.size(), 0)};
  reference::forEach<1>(expected.shape, strides, [&](int64_t i, auto &at) {
    if (counts && !counts->ints[at[0]])
      return;
    double a = reference::realAt(expected, i), b = reference::realAt(found, i);
    if (std::isnan(a) && std::isnan(b))
      return;
    if (!std::isfinite(a) || !std::isfinite(b)) {
      if (a != b)
        most = std::numeric_limits<double>::infinity();
      return;
    }
    largest = std::max(largest, std::fabs(a));
    most = std::max(most, std::fabs(a - b));
  });
  return most == 0 ? 0 : most / largest;
}

/// One proposal's evaluation.
class Trial {
public:
  Trial(Graph &graph, const Proposal &proposal, ValueRange candidate)
      : graph(graph), proposal(proposal), candidate(candidate),
        context(graph.shapes.context()), inputs(graph, proposal) {
    outputs = proposal.outputs;
    if (proposal.relevant)
      outputs.push_back(proposal.relevant);
  }

  /// Makes the functions to evaluate. False where the cut is none, and
  /// `evidence` says why.
  bool prepare() {
    module = moduleForSlices(graph.function);
    SmallVector<Value> entering;
    for (const CutInput &input : proposal.inputs)
      entering.push_back(input.value);
    cut = sliceBetween(graph, entering, outputs, "cut", *module);
    if (cut.reason.empty())
      made = sliceBetween(graph, entering, candidate, "candidate", *module);
    evidence.reason = cut.reason.empty() ? made.reason : cut.reason;
    if (!evidence.holds())
      return false;
    for (const Sliced *side : {&cut, &made})
      for (Value value : side->further)
        if (isa<BlockArgument>(value) && !inputs.fillOf(value))
          return decline(
              "it depends on what argument " +
              std::to_string(cast<BlockArgument>(value).getArgNumber()) +
              " of the graph holds");
    return true;
  }

  /// Equal for cuts that are equal but for the values that enter them, and for
  /// numbers of their own that are unknown to the check. Nothing where it would
  /// be the one that knows them.
  std::optional<std::string> key(OwnNumbers numbers) {
    std::optional<std::string> text = keyOf(*module, numbers);
    if (!text)
      return std::nullopt;
    llvm::raw_string_ostream stream(*text);
    for (const CutInput &input : proposal.inputs)
      describe(stream, input.value, input.fill);
    for (const Sliced *side : {&cut, &made})
      for (Value value : side->further)
        describe(stream, value, inputs.fillOf(value).value_or(Fill::Normal));
    stream << proposal.chunk << " " << proposal.window << " "
           << static_cast<bool>(proposal.relevant);
    if (proposal.length)
      stream << " " << context.print(context.simplify(*proposal.length));
    return text;
  }

  Evidence run(OwnNumbers numbers) {
    evidence = {};
    evidence.seed = kFirstSeed;
    AffordableSamples affordable = inputs.affordable(cut, made);
    const std::vector<Sample> &samples = affordable.samples;
    if (!affordable.tooLarge.empty()) {
      decline("it is too large to be checked at " + affordable.tooLarge);
      return evidence;
    }
    ExactCheck exact(*module, numbers);
    reference::Interpreter floats(*module);
    telling.assign(proposal.outputs.size(), false);
    llvm::DenseSet<size_t> done;  // groups
    const Sample *last = nullptr; // not looked at in floats
    std::string failure;
    for (auto [number, sample] : llvm::enumerate(samples)) {
      if (done.contains(sample.group))
        continue;
      std::string message;
      std::optional<bool> equal = tryExactly(exact, number, sample, message);
      if (!equal) {
        failure = sample.text + ": " + message;
        continue;
      }
      if (!*equal)
        return evidence;
      done.insert(sample.group);
      // What the exact trials assume, floats must see at the same shapes.
      bool isCheap = sample.seconds <= mostSecondsOfFloats;
      if (done.size() == 1 || (isCheap && exact.assumesAnything())) {
        if (!compareFloats(floats, sample))
          return evidence;
      } else if (isCheap) {
        last = &sample;
      }
      evidence.shapes += (evidence.shapes.empty() ? "" : ", ") + sample.text;
      if (!repeat(exact, number, sample))
        return evidence;
    }
    if (last && !compareFloats(floats, *last))
      return evidence;
    bool missing = proposal.chunk > 0 &&
                   llvm::any_of(affordable.required, [&](size_t group) {
                     return !done.contains(group);
                   });
    evidence.trials = exact.trials();
    evidence.logBound = exact.logBound();
    evidence.assumptions = exact.assumptions();
    if (done.empty() || missing)
      decline(failure.empty() ? "there is no shape at which the graph is valid"
                              : "the graph cannot be evaluated at " + failure);
    else if (llvm::is_contained(telling, false))
      decline("its results are empty or zero at all shapes that were tried");
    else if (evidence.logBound > wantedLogBound)
      decline("too few elements are decided by comparisons to tell");
    return evidence;
  }

  /// Where the sides part that a trial has found to differ at a sample: at the
  /// greatest length that takes little time, as most of an operator shows
  /// there, or at that sample.
  std::optional<Parting> parting(const Sample &differing) {
    constexpr double mostSeconds = 6;
    constexpr size_t mostShapes = 2;
    telling.assign(proposal.outputs.size(), false);
    std::vector<Sample> samples = inputs.affordable(cut, made).samples;
    llvm::erase_if(samples, [&](const Sample &sample) {
      return sample.seconds > mostSeconds;
    });
    // What a loop carries is wrong everywhere after its first step.
    bool loops = llvm::any_of(
        cut.ops, [](Operation *op) { return op->getNumRegions() > 0; });
    auto rank = [&](const Sample &sample) {
      int64_t length =
          proposal.length
              ? evaluate(context, *proposal.length, sample).value_or(0)
              : 0;
      return std::pair(loops ? length : -length,
                       proposal.length ? sample.seconds : -sample.seconds);
    };
    llvm::sort(samples, [&](const Sample &a, const Sample &b) {
      return rank(a) < rank(b);
    });
    if (samples.size() > mostShapes)
      samples.resize(mostShapes);
    if (differing.seconds <= mostSeconds)
      samples.push_back(differing);
    double spent = 0;
    for (const Sample &sample : samples) {
      if (spent > 0 && spent + sample.seconds > mostSeconds)
        continue;
      spent += sample.seconds;
      std::string message;
      Sides sides{*module, cut, made, {}, {}, proposal.kind, proposal.chunk};
      if (!drawExactly(cut, sample, 0, message, sides.cutInputs) ||
          !drawExactly(made, sample, 0, message, sides.madeInputs))
        continue;
      std::optional<Parting> found = whereSidesPart(std::move(sides));
      if (!found)
        continue;
      found->seconds = spent;
      found->alone = equalWithout(opOfCut(cut, found->op), sample);
      return found;
    }
    return std::nullopt;
  }

  Sliced cut, made;
  Evidence evidence;

private:
  bool decline(const std::string &reason) {
    evidence.reason = reason;
    return false;
  }

  void describe(raw_ostream &stream, Value value, Fill fill) {
    const onnx::ValueInfo &info = graph.shapes[value];
    stream << "\n" << static_cast<int>(fill);
    for (const symbolic::Expr &dim : info.shape)
      stream << " " << context.print(context.simplify(dim));
    if (info.contents && !isa<BlockArgument>(value))
      for (const symbolic::Expr &element : *info.contents)
        stream << " =" << context.print(context.simplify(element));
  }

  /// Diagnostics of an evaluation go to `message`.
  template <class F> auto quietly(std::string &message, F evaluate) {
    ScopedDiagnosticHandler quiet(graph.function.getContext(),
                                  [&](Diagnostic &diagnostic) {
                                    message = diagnostic.str();
                                    return success();
                                  });
    return evaluate();
  }

  bool drawExactly(const Sliced &side, const Sample &sample, uint64_t draw,
                   std::string &message, std::vector<ExactTensor> &tensors) {
    return inputs.forEach(side, sample, /*blank=*/true, message,
                          [&](Tensor tensor, bool drawn, uint64_t seed) {
                            tensors.push_back(ExactCheck::inputFrom(
                                std::move(tensor), drawn, seed + 1000 * draw));
                          });
  }

  FailureOr<std::vector<ExactTensor>>
  evaluateExactly(ExactCheck &check, const Sliced &side, const Sample &sample,
                  uint64_t draw, std::string &message) {
    std::vector<ExactTensor> tensors;
    if (!drawExactly(side, sample, draw, message, tensors))
      return failure();
    return quietly(message, [&] {
      return check.evaluate(side.function, std::move(tensors), draw);
    });
  }

  /// One trial over residues: nothing where the graph cannot be evaluated.
  std::optional<bool> tryExactly(ExactCheck &check, size_t number,
                                 const Sample &sample, std::string &message) {
    for (int attempt = 0; attempt < mostDraws; ++attempt) {
      uint64_t draw = mostDraws * check.trialsOf(number) + attempt;
      auto expected = evaluateExactly(check, cut, sample, draw, message);
      if (failed(expected) && check.dividedByZero())
        continue;
      if (failed(expected))
        return std::nullopt;
      auto found = evaluateExactly(check, made, sample, draw, message);
      if (failed(found)) {
        decline("at " + sample.text + " it cannot be evaluated: " + message);
        return false;
      }
      std::string where = partExactly(*expected, *found, sample);
      if (!where.empty()) {
        evidence.differsAt = sample;
        return decline(where);
      }
      auto results = [](Sliced &side) {
        return side.function.front().getTerminator()->getOperands();
      };
      check.noteTrial(number, results(cut).take_front(candidate.size()),
                      results(made));
      ++evidence.passed;
      return true;
    }
    return std::nullopt;
  }

  /// More trials at a sample until their bound is small enough.
  bool repeat(ExactCheck &check, size_t number, const Sample &sample) {
    std::string message;
    while (std::max(check.logBoundOf(number), check.logBoundOfDecisions()) >
               wantedLogBound &&
           check.trialsOf(number) < mostTrials) {
      std::optional<bool> equal = tryExactly(check, number, sample, message);
      if (!equal)
        decline("at " + sample.text + " it cannot be evaluated: " + message);
      if (!equal || !*equal)
        return false;
    }
    return true;
  }

  /// How the results differ; empty: they do not.
  std::string partExactly(const std::vector<ExactTensor> &expected,
                          const std::vector<ExactTensor> &found,
                          const Sample &sample) {
    for (size_t i = 0; i < proposal.outputs.size(); ++i) {
      if (expected[i].shape != found[i].shape ||
          expected[i].dtype != found[i].dtype)
        return "output " + std::to_string(i) + " has shape " +
               reference::toText(found[i].shape) + " at " + sample.text +
               ", the graph's has " + reference::toText(expected[i].shape);
      const ExactTensor *counts =
          proposal.relevant && i == 0 ? &expected.back() : nullptr;
      bool tells = telling[i];
      std::string where = firstDifference(expected[i], found[i], counts, tells);
      telling[i] = tells;
      if (!where.empty())
        return "differs at " + sample.text + ", first in element " + where +
               " of output " + std::to_string(i);
    }
    return "";
  }

  /// Whether both sides are equal where an op of the cut gives what it takes.
  bool equalWithout(Operation *op, const Sample &sample) {
    if (op->getNumResults() != 1 || opName(op) == "Identity" ||
        op->getBlock() != &cut.function.front())
      return false;
    Value result = op->getResult(0);
    for (Value operand : op->getOperands()) {
      if (operand.getType() != result.getType())
        continue;
      SmallVector<OpOperand *> uses = llvm::map_to_vector(
          result.getUses(), [](OpOperand &use) { return &use; });
      for (OpOperand *use : uses)
        use->set(operand);
      std::string message;
      ExactCheck edited(
          *module, OwnNumbers::Known); // one that did not see the uses before
      auto without = evaluateExactly(edited, cut, sample, 0, message),
           found = evaluateExactly(edited, made, sample, 0, message);
      bool equal = succeeded(without) && succeeded(found) &&
                   partExactly(*without, *found, sample).empty();
      for (OpOperand *use : uses)
        use->set(result);
      if (equal)
        return true;
    }
    return false;
  }

  bool compareFloats(reference::Interpreter &interpreter,
                     const Sample &sample) {
    std::string message;
    auto evaluate = [&](const Sliced &side) {
      std::vector<Tensor> tensors;
      inputs.forEach(side, sample, /*blank=*/false, message,
                     [&](Tensor tensor, bool, uint64_t) {
                       tensors.push_back(std::move(tensor));
                     });
      return quietly(message, [&] {
        return interpreter.run(side.function, std::move(tensors));
      });
    };
    auto expected = evaluate(cut), found = evaluate(made);
    if (failed(expected) || failed(found))
      return decline("at " + sample.text +
                     " it cannot be evaluated: " + message);
    for (size_t i = 0; i < proposal.outputs.size(); ++i) {
      const Tensor *counts =
          proposal.relevant && i == 0 ? &expected->back() : nullptr;
      double error = difference((*expected)[i], (*found)[i], counts);
      Type element = getElementTypeOrSelf(proposal.outputs[i].getType());
      if (!(error <= toleranceOf(element))) {
        std::string text;
        llvm::raw_string_ostream(text)
            << "differs at " << sample.text << " in floats: output " << i
            << " by " << llvm::format("%.2g", error)
            << " relative to its largest value";
        return decline(text);
      }
      evidence.error = std::max(evidence.error, error);
    }
    return true;
  }

  Graph &graph;
  const Proposal &proposal;
  SmallVector<Value> candidate, outputs;
  symbolic::Context &context;
  TrialInputs inputs;
  OwningOpRef<ModuleOp> module;
  std::vector<bool> telling; // by output: whether a value was not zero
};

} // namespace

Evidence Verifier::verify(const Proposal &proposal, ValueRange candidate,
                          bool explain, CutOps &ops) {
  Trial trial(graph, proposal, candidate);
  if (!trial.prepare())
    return trial.evidence;
  ops.count = trial.cut.varying.size();
  if (ops.count > 0) {
    ops.first = reportName(trial.cut.varying.front());
    ops.last = reportName(trial.cut.varying.back());
  }
  if (proposal.provenByMaps) {
    trial.evidence.shapes = "all shapes, by index maps";
    return trial.evidence;
  }
  // What holds whatever a layer's own numbers are need not be shown again for
  // the next; what holds only for these numbers is shown for them.
  Evidence *found = nullptr;
  for (OwnNumbers numbers : {OwnNumbers::Unknown, OwnNumbers::Known}) {
    std::optional<std::string> key = trial.key(numbers);
    if (!key)
      continue;
    auto entry = known.find(*key);
    if (entry == known.end())
      entry = known.emplace(std::move(*key), trial.run(numbers)).first;
    found = &entry->second;
    if (found->holds())
      break;
  }
  Evidence &evidence = *found;
  if (!explain || !evidence.differsAt)
    return evidence;
  if (!evidence.parting)
    evidence.parting = trial.parting(*evidence.differsAt).value_or(Parting());
  Evidence told = evidence;
  if (const Parting &parting = *evidence.parting; !parting.text.empty()) {
    Operation *op = opOfCut(trial.cut, parting.op);
    told.partsAt = reportTitle(op);
    told.reason += "; they part at " + told.partsAt +
                   (parting.alone ? ", without which they are equal: " : ": ") +
                   parting.text;
  }
  return told;
}

} // namespace jarana::raise::recognise
