// recognise-operators: proposals of the recognisers, checked, put in the
// graph's place.
#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "lib/reference/MlirTensors.h"
#include "passes/raise/Passes.h"
#include "passes/raise/ShapesAnalysis.h"
#include "passes/raise/recognise/Recogniser.h"
#include "passes/raise/recognise/Verifier.h"

#include "mlir/Analysis/TopologicalSortUtils.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

#include <cmath>

using namespace mlir;

namespace jarana::raise {
#define GEN_PASS_DEF_RECOGNISEOPERATORSPASS
#include "passes/raise/Passes.h.inc"

namespace {
using namespace recognise;

/// What was proposed for an anchor and does not hold.
struct Declined {
  std::string kind, node, reason, partsAt;
};

class FunctionRecogniser {
  /// What the search for where sides part may take for one anchor, roughly.
  static constexpr double mostSecondsToExplain = 0.15;

public:
  explicit FunctionRecogniser(Graph graph)
      : graph(graph), block(graph.function.getBody().front()),
        verifier(this->graph) {}

  ~FunctionRecogniser() { buryForGood(); }

  void run(Recogniser &recogniser) {
    SmallVector<Operation *> anchors;
    for (Operation &op : block.without_terminator())
      anchors.push_back(&op);
    for (Operation *anchor : anchors)
      if (anchor->getBlock()) // not buried since
        look(recogniser, anchor);
    buryForGood();
  }

  std::vector<Declined> declined;

private:
  void look(Recogniser &recogniser, Operation *anchor) {
    SmallVector<Proposal, 0> proposals;
    // What a recogniser made only to say which elements count.
    llvm::scope_exit bury([&] {
      for (const Proposal &proposal : proposals)
        if (proposal.relevant)
          buryUnused({proposal.relevant.getDefiningOp()});
    });
    std::string reason, partsAt;
    {
      // Whatever a recogniser tries, the user has made no mistake.
      ScopedDiagnosticHandler quiet(anchor->getContext(),
                                    [](Diagnostic &) { return success(); });
      try {
        recogniser.propose(anchor, graph, proposals, reason);
      } catch (const std::exception &error) { // sizes beyond 64 bits, say
        reason = error.what();
      }
      SmallVector<Proposal *> nearest; // equal in most trials
      int most = 0;
      for (Proposal &proposal : proposals) {
        Refusal refusal = accept(proposal, /*explain=*/false);
        if (refusal.reason.empty())
          return;
        if (refusal.passed > most)
          nearest.clear();
        most = std::max(most, refusal.passed);
        if (refusal.passed == most)
          nearest.push_back(&proposal);
      }
      // Told is why that one does not hold which explains most of the graph, of
      // those with the fewest results: more of them were wrong with them.
      size_t fewest = std::numeric_limits<size_t>::max();
      for (Proposal *proposal : nearest)
        fewest = std::min(fewest, proposal->outputs.size());
      std::optional<size_t> explained;
      double spent = 0;
      for (Proposal *proposal : nearest) {
        if (proposal->outputs.size() > fewest || spent > mostSecondsToExplain)
          continue;
        Refusal refusal = accept(*proposal, /*explain=*/true);
        spent += refusal.parting.seconds;
        if (explained && refusal.parting.explained <= *explained)
          continue;
        explained = refusal.parting.explained;
        reason = refusal.reason;
        partsAt = refusal.partsAt;
      }
    }
    if (reason.empty())
      return;
    std::string kind =
        proposals.empty() ? recogniser.name().str() : proposals.front().kind;
    declined.push_back({kind, reportName(anchor), reason, partsAt});
  }

  /// Why a proposal does not hold (empty: it does), how many trials it passed
  /// before that was seen, and where the sides part.
  struct Refusal {
    std::string reason;
    int passed = 0;
    Parting parting;
    std::string partsAt; ///< that op
  };

  /// Builds the candidate, has it checked, and puts it in place; otherwise
  /// leaves the graph as it was, and says why; with `explain`, also where the
  /// sides part.
  Refusal accept(Proposal &proposal, bool explain) {
    Operation *terminator = block.getTerminator(),
              *before = terminator->getPrevNode();
    symbolic::Context saved = graph.shapes.context();
    OnnxBuilder builder(terminator, proposal.outputs[0].getLoc(), graph.shapes);
    SmallVector<Value> inputs;
    for (const CutInput &input : proposal.inputs)
      inputs.push_back(input.value);
    SmallVector<Value> candidate;
    SmallVector<Operation *> made;
    auto collectMade = [&] {
      made.clear();
      for (Operation *op = before ? before->getNextNode() : &block.front();
           op != terminator; op = op->getNextNode())
        made.push_back(op);
    };
    std::string reason;
    CutOps ops;
    Evidence evidence;
    try {
      candidate = proposal.build(builder, inputs);
      collectMade();
      reason = refuse(proposal, candidate, made, saved);
      if (reason.empty()) {
        evidence = verifier.verify(proposal, candidate, explain, ops);
        reason = evidence.reason;
      }
    } catch (const std::exception &error) { // sizes beyond 64 bits, say
      collectMade();
      reason = error.what();
    }
    if (!reason.empty()) {
      for (Operation *op : llvm::reverse(made)) {
        for (Value result : op->getResults())
          graph.shapes.forget(result);
        op->erase();
      }
      graph.shapes.context() = saved;
      return {reason, evidence.passed, evidence.parting.value_or(Parting()),
              evidence.partsAt};
    }
    if (proposal.relevant)
      for (Operation *op : made)
        if (opName(op) == proposal.kind)
          op->setAttr(reference::kRowsLeftOpen,
                      UnitAttr::get(op->getContext()));
    describe(proposal, evidence, ops, made);
    replace(proposal, candidate, made);
    return {};
  }

  /// Why the candidate cannot stand for the outputs, before anything is
  /// evaluated.
  std::string refuse(const Proposal &proposal, ArrayRef<Value> candidate,
                     ArrayRef<Operation *> made,
                     const symbolic::Context &before) {
    if (candidate.size() != proposal.outputs.size() ||
        llvm::is_contained(candidate, Value()))
      return "the operator cannot be made from what was found";
    symbolic::Context &context = graph.shapes.context();
    for (auto [output, value] : llvm::zip(proposal.outputs, candidate)) {
      onnx::ValueInfo wanted = graph.shapes.lookup(output),
                      found = graph.shapes.lookup(value);
      bool same = wanted.elementType == found.elementType &&
                  wanted.rank() == found.rank();
      for (int64_t i = 0; same && i < wanted.rank(); ++i)
        same = context.proveEqual(wanted.shape[i], found.shape[i]);
      if (!same)
        return "the operator would give a result of another shape";
    }
    // What the operator would assume of the inputs and the graph does not.
    if (context.checks().size() > before.checks().size())
      return "it would need an assumption that the graph does not make: " +
             context.describe(context.checks().back());
    for (size_t id = 0; id < before.numSymbols(); ++id) {
      auto symbol = static_cast<symbolic::SymbolId>(id);
      if (context.symbolInfo(symbol).lowerBound !=
          before.symbolInfo(symbol).lowerBound)
        return "it would need larger inputs than the graph does";
    }
    if (inputsFollowOutputs(proposal, made))
      return "an input of it depends on one of its outputs";
    return "";
  }

  bool inputsFollowOutputs(const Proposal &proposal,
                           ArrayRef<Operation *> made) {
    llvm::DenseSet<Operation *> seen;
    SmallVector<Operation *> open;
    auto follow = [&](Value value) {
      for (Operation *user : value.getUsers())
        if (Operation *here = block.findAncestorOpInBlock(*user);
            here && seen.insert(here).second)
          open.push_back(here);
    };
    llvm::for_each(proposal.outputs, follow);
    while (!open.empty())
      for (Value result : open.pop_back_val()->getResults())
        follow(result);
    // The candidate may read other values of the graph, such as masks.
    auto follows = [&](Value value) {
      return seen.contains(value.getDefiningOp());
    };
    return llvm::any_of(
               proposal.inputs,
               [&](const CutInput &input) { return follows(input.value); }) ||
           llvm::any_of(made, [&](Operation *op) {
             return llvm::any_of(op->getOperands(), [&](Value operand) {
               return !llvm::is_contained(made, operand.getDefiningOp()) &&
                      follows(operand);
             });
           });
  }

  /// "2^-51".
  static std::string boundOf(const Evidence &evidence) {
    return "2^" +
           std::to_string(static_cast<int>(std::ceil(evidence.logBound)));
  }

  /// The evidence, at the op that raising reports.
  void describe(const Proposal &proposal, const Evidence &evidence,
                const CutOps &ops, ArrayRef<Operation *> made) {
    auto main = llvm::find_if(
        made, [&](Operation *op) { return opName(op) == proposal.kind; });
    if (main == made.end())
      return;
    Builder b(graph.function.getContext());
    SmallVector<NamedAttribute> facts;
    auto add = [&](StringRef name, const Twine &value) {
      facts.push_back(b.getNamedAttr(name, b.getStringAttr(value)));
    };
    std::string error;
    llvm::raw_string_ostream(error) << llvm::format("%.1e", evidence.error);
    for (const auto &[name, value] : proposal.facts)
      add(name, value);
    add("nodes", Twine(ops.count));
    add("first", ops.first);
    add("last", ops.last);
    add("verified", evidence.shapes);
    if (evidence.trials > 0) {
      add("trials", Twine(evidence.trials));
      add("bound", boundOf(evidence));
      add("assumptions", evidence.assumptions.empty()
                             ? "none"
                             : llvm::join(evidence.assumptions, "; "));
    }
    add("error", error);
    add("seed", Twine(evidence.seed));
    (*main)->setAttr("onnx.recognised", b.getDictionaryAttr(facts));
    remark::passed(
        (*main)->getLoc(),
        remark::RemarkOpts::name(proposal.kind).category("recognise-operators"))
        << "recognised from " << std::to_string(ops.count) << " nodes, '"
        << ops.first << "' to '" << ops.last << "', verified at "
        << evidence.shapes
        << (evidence.trials > 0
                ? " exactly but for a chance of " + boundOf(evidence)
                : std::string())
        << ", floats with error " << error << ", seed "
        << std::to_string(evidence.seed);
  }

  void replace(const Proposal &proposal, ArrayRef<Value> candidate,
               ArrayRef<Operation *> made) {
    llvm::DenseSet<Operation *> own(made.begin(), made.end());
    SmallVector<Operation *> old;
    for (auto [i, value] : llvm::enumerate(candidate)) {
      Value output = proposal.outputs[i];
      Value(value).setType(output.getType());
      output.replaceUsesWithIf(
          value, [&](OpOperand &use) { return !own.contains(use.getOwner()); });
      old.push_back(output.getDefiningOp());
    }
    sortTopologically(&block);
    buryUnused(std::move(old));
  }

  /// Takes unused ops, and those that only they used, out of the block. Their
  /// memory stays until the sweep over the function ends, as anchors may be
  /// among them.
  void buryUnused(SmallVector<Operation *> open) {
    while (!open.empty()) {
      Operation *op = open.pop_back_val();
      if (!op || !op->getBlock() || !op->use_empty())
        continue;
      op->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (operand.getParentBlock() == &block)
            open.push_back(operand.getDefiningOp());
        for (Value result : inner->getResults())
          graph.shapes.forget(result);
      });
      op->remove();
      op->dropAllReferences();
      buried.push_back(op);
    }
  }

  void buryForGood() {
    for (Operation *op : buried)
      op->destroy();
    buried.clear();
  }

  Graph graph;
  Block &block;
  Verifier verifier;
  SmallVector<Operation *> buried;
};

/// The names of weights that something reads.
llvm::DenseSet<StringAttr> usedWeights(ModuleOp module) {
  llvm::DenseSet<StringAttr> names;
  module.walk([&](hybrid::LoadWeightOp load) {
    names.insert(load.getWeightAttr().getAttr());
  });
  for (auto weight : module.getOps<hybrid::WeightOp>())
    if (auto derived = dyn_cast<hybrid::DerivedAttr>(weight.getValue()))
      names.insert(derived.getSource().getAttr());
  return names;
}

struct RecogniseOperators
    : impl::RecogniseOperatorsPassBase<RecogniseOperators> {
  using RecogniseOperatorsPassBase::RecogniseOperatorsPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    std::vector<std::unique_ptr<Recogniser>> recognisers = makeRecognisers();
    for (const std::string &name : only)
      if (llvm::none_of(recognisers, [&](const auto &recogniser) {
            return recogniser->name() == name;
          })) {
        module.emitError() << "there is no recogniser '" << name << "'";
        return signalPassFailure();
      }
    Builder b(&getContext());
    SmallVector<Attribute> declined;
    llvm::DenseSet<StringAttr> usedBefore = usedWeights(module);
    for (func::FuncOp function :
         llvm::to_vector(module.getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      auto &analysis = getChildAnalysis<ShapesAnalysis>(function);
      if (failed(analysis.shapes))
        return signalPassFailure();
      FunctionRecogniser running({function, *analysis.shapes});
      for (const auto &recogniser : recognisers)
        if (only.empty() || llvm::is_contained(only, recogniser->name()))
          running.run(*recogniser);
      for (const Declined &entry : running.declined) {
        SmallVector<NamedAttribute> fields = {
            b.getNamedAttr("kind", b.getStringAttr(entry.kind)),
            b.getNamedAttr("node", b.getStringAttr(entry.node)),
            b.getNamedAttr("reason", b.getStringAttr(entry.reason))};
        if (!entry.partsAt.empty())
          fields.push_back(
              b.getNamedAttr("parts_at", b.getStringAttr(entry.partsAt)));
        declined.push_back(b.getDictionaryAttr(fields));
        Location loc = NameLoc::get(b.getStringAttr(entry.node));
        remark::missed(loc, remark::RemarkOpts::name(entry.kind)
                                .category("recognise-operators"))
            << entry.reason;
      }
    }
    // What only a recognised part read (zeros for a state, tables) is not kept.
    llvm::DenseSet<StringAttr> used = usedWeights(module);
    for (auto weight :
         llvm::make_early_inc_range(module.getOps<hybrid::WeightOp>()))
      if (usedBefore.contains(weight.getSymNameAttr()) &&
          !used.contains(weight.getSymNameAttr()))
        weight.erase();
    if (!declined.empty())
      module->setAttr("onnx.declined", b.getArrayAttr(declined));
    markAllAnalysesPreserved();
  }
};

} // namespace
} // namespace jarana::raise
