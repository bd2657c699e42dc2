#include "lib/verify/VerifyPasses.h"

#include "dialects/Guarded.h"
#include "lib/reference/tensor/Handlers.h"
#include "lib/verify/Compare.h"
#include "lib/verify/Derived.h"
#include "lib/verify/Limits.h"
#include "lib/verify/Sampling.h"

#include "mlir/IR/OperationSupport.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassInstrumentation.h"

#include <chrono>

using namespace mlir;
using namespace jarana::reference;

namespace jarana::verify {
namespace {

bool isOfBuffers(Operation *op) {
  auto isBuffer = [](Type type) { return isa<BaseMemRefType>(type); };
  return op
      ->walk([&](Operation *inner) {
        bool found = llvm::any_of(inner->getOperandTypes(), isBuffer) ||
                     llvm::any_of(inner->getResultTypes(), isBuffer);
        if (auto function = dyn_cast<func::FuncOp>(inner))
          found |= llvm::any_of(function.getArgumentTypes(), isBuffer);
        return found ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// How functions are evaluated before and after a pass.
struct Method {
  /// As recognise-operators takes a graph: single numbers folded, attributes
  /// as they were before they were rounded, rows left open that it leaves open.
  bool recognising = false;
  /// Weights are any numbers; else what they are, for a pass that reads them.
  bool drawsWeights = true;
  /// Other constants too: for a pass that computes nothing from them.
  bool drawsConstants = false;
  bool operator==(const Method &) const = default;
};

Method methodFor(StringRef pass) {
  Method method;
  method.recognising = pass == "recognise-operators";
  method.drawsConstants = method.recognising || pass == "raise-onnx";
  method.drawsWeights = pass != "generalize-shapes"; // reads rotary tables
  return method;
}

Reading readingFor(const Method &method) {
  Reading reading;
  reading.recognising = method.recognising;
  reading.drawsConstants = method.drawsConstants;
  return reading;
}

/// raise-onnx writes down which inputs a graph is for, as checks.
bool addsChecks(StringRef pass) { return pass == "raise-onnx"; }

/// generalize-shapes makes a function of the position of a table of numbers:
/// the numbers were rounded, the function is not.
bool computesTables(StringRef pass) { return pass == "generalize-shapes"; }

/// Whether there is an op that sorts or quantises by the greatest of many
/// numbers: the order of residues is drawn for each two of them alone, so that
/// its steps may decide otherwise than the op as a whole.
bool needsAnOrder(func::FuncOp function) {
  return function
      .walk([](Operation *op) {
        StringRef name = op->getName().getStringRef();
        return name == "onnx.TopK" || name == "onnx.DynamicQuantizeLinear"
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

/// The node that an op comes from, or its place in a file.
std::string describe(Operation *op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "'" << op->getName() << "'";
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    stream << " of node '" << name.getName().getValue() << "'";
  else if (auto file = op->getLoc()->findInstanceOf<FileLineColLoc>())
    stream << " at line " << file.getLine();
  return text;
}

std::string nameOf(Pass *pass) {
  return pass->getArgument().empty() ? pass->getName().str()
                                     : pass->getArgument().str();
}

/// What a graph makes NaN, as in a row of attention that sees no key, is not
/// what its floats make of it: nothing is claimed of it.
void leaveOpenNaNs(Run &run) {
  run.undefined.resize(run.outputs.size());
  for (auto [output, open] : llvm::zip_equal(run.outputs, run.undefined)) {
    open.resize(output.size());
    for (auto [i, value] : llvm::enumerate(output.reals))
      if (value.isNaN())
        open.set(i);
  }
}

class Verifier : public PassInstrumentation {
public:
  explicit Verifier(VerifyLog &log) : log(log) {}

  void runBeforePass(Pass *pass, Operation *op) override {
    if (!checks(pass, op))
      return;
    guard(pass, op, [&] { beforePass(pass, op); });
  }

  void runAfterPass(Pass *pass, Operation *op) override {
    if (!checks(pass, op))
      return;
    guard(pass, op, [&] { afterPass(pass, op); });
  }

private:
  /// What cannot be evaluated at all ends the verification: an error of it, not
  /// of the pass.
  template <class Body> void guard(Pass *pass, Operation *op, Body body) {
    LogicalResult done =
        guarded(op->getLoc(),
                "--verify-passes cannot look at '" + nameOf(pass) + "'", [&] {
                  body();
                  return success();
                });
    if (failed(done))
      log.wrongPass = nameOf(pass);
  }

  void beforePass(Pass *pass, Operation *op) {
    Timer timer(log);
    if (Method wanted = methodFor(nameOf(pass)); wanted != method) {
      method = wanted;
      known.clear();
    }
    Evaluator evaluator(moduleOf(op), log.weights, readingFor(method));
    // What was not comparable may have become so.
    for (func::FuncOp function : functionsIn(op))
      if (auto found = known.find(function.getName());
          found == known.end() || found->second.empty())
        learn(evaluator, function);
    fingerprint.emplace(op);
  }

  void afterPass(Pass *pass, Operation *op) {
    Timer timer(log);
    if (!fingerprint || *fingerprint == OperationFingerPrint(op))
      return;
    Evaluator evaluator(moduleOf(op), log.weights, readingFor(method));
    std::string name = nameOf(pass);
    std::vector<func::FuncOp> functions = functionsIn(op);
    for (func::FuncOp function : functions)
      if (log.wrongPass.empty() && known.contains(function.getName()))
        compare(evaluator, function, name);
    for (func::FuncOp function : functions)
      if (log.wrongPass.empty() && !known.contains(function.getName()))
        compareNew(evaluator, function, name);
  }
  /// Adds the time that it lives.
  struct Timer {
    explicit Timer(VerifyLog &log) : log(log) {}
    ~Timer() {
      log.seconds += std::chrono::duration<double>(
                         std::chrono::steady_clock::now() - start)
                         .count();
    }
    VerifyLog &log;
    std::chrono::steady_clock::time_point start =
        std::chrono::steady_clock::now();
  };

  bool checks(Pass *pass, Operation *op) {
    // Passes on functions are run by passes of MLIR's own, which are not ours
    // to check.
    return log.wrongPass.empty() && isa<ModuleOp, func::FuncOp>(op) &&
           !pass->getName().contains("OpToOpPassAdaptor");
  }

  static ModuleOp moduleOf(Operation *op) {
    auto module = dyn_cast<ModuleOp>(op);
    return module ? module : op->getParentOfType<ModuleOp>();
  }

  /// What is evaluated of an op: functions that others can call from outside.
  std::vector<func::FuncOp> functionsIn(Operation *op) {
    std::vector<func::FuncOp> functions;
    op->walk([&](func::FuncOp function) {
      if (function.isPublic() && !function.isExternal() &&
          !isOfBuffers(function))
        functions.push_back(function);
    });
    return functions;
  }

  void decline(func::FuncOp function, const std::string &why) {
    std::string text = "@" + function.getName().str() + ": " + why;
    if (!llvm::is_contained(log.declined, text))
      log.declined.push_back(text);
  }

  /// Draws samples for a function, and evaluates it.
  void learn(Evaluator &evaluator, func::FuncOp function) {
    std::vector<Run> &runs = known[function.getName().str()];
    if (std::string why = tooLarge(function); !why.empty())
      return decline(function, why);
    bool &places = usesPlaces[function.getName().str()];
    places = needsAnOrder(function);
    evaluator.usePlaces(places);
    Sampling sampling = sample(evaluator, function, method.drawsWeights);
    runs = std::move(sampling.runs);
    if (runs.empty())
      return decline(function, sampling.why.empty() ? "no small inputs fit it"
                                                    : sampling.why);
    if (method.recognising)
      llvm::for_each(runs, leaveOpenNaNs);
    noteDecisions(function, sampling.decisions);
  }

  void noteDecisions(func::FuncOp function, const Decisions &decisions) {
    if (auto [op, count] = decisions.fewest(/*growing=*/false); op)
      decline(function, describe(op) + " decides only " +
                            std::to_string(count) +
                            " elements, so that a wrong decision is missed "
                            "with a chance of 2^-" +
                            std::to_string(count));
  }

  void reportWrong(func::FuncOp function, const std::string &pass,
                   const std::string &what) {
    log.wrongPass = pass;
    function.emitError("--verify-passes: pass '")
        << pass << "' changes what @" << function.getName()
        << " computes: " << what;
  }

  /// Compares a function with itself before the pass; keeps what it gives now.
  void compare(Evaluator &evaluator, func::FuncOp function,
               const std::string &pass) {
    std::vector<Run> &runs = known[function.getName().str()];
    if (runs.empty())
      return; // said why before
    evaluator.usePlaces(usesPlaces[function.getName().str()]);
    Decisions decisions(evaluator.drawsConstants());
    int64_t open = 0, all = 0; // elements
    for (Run &before : runs) {
      std::vector<TracedOp> trace;
      ExactTensors inputs = before.inputs;
      for (auto [input, type] : llvm::zip(inputs, function.getArgumentTypes()))
        input = withSignOf(elementTypeOf(type), std::move(input));
      Run after =
          evaluator.run(function, std::move(inputs), before.weights, &trace);
      std::string what;
      if (after.refused && addsChecks(pass)) {
        decline(function,
                "an input that '" + pass + "' makes it refuse: " + after.error);
        before = std::move(after);
        continue;
      }
      if (after.refused)
        what = "it refuses inputs that it took";
      else if (!after.error.empty())
        what = after.error;
      else if (after.outputs.size() != before.outputs.size())
        what = "it has another number of outputs";
      for (size_t i = 0; what.empty() && i < after.outputs.size(); ++i) {
        llvm::BitVector without = openIn(before, i), now = openIn(after, i);
        if (method.recognising)
          without |= now;
        open += without.count();
        all += after.outputs[i].size();
        std::string where =
            difference(withSignOf(after.outputs[i].dtype, before.outputs[i]),
                       after.outputs[i], without);
        if (where.empty() && now.test(without))
          where = "in that it depends on what is undefined";
        if (where.empty())
          continue;
        what = "output '" + verify::nameOf(function, true, i) + "' differs " +
               where;
        if (Operation *op = firstUnexplained(trace, before.values))
          what += "; the first op whose value nothing before explains is " +
                  describe(op);
        else
          what += "; all values of ops were there before: something was "
                  "left out";
      }
      if (!what.empty() && after.succeeded() && computesTables(pass)) {
        decline(function,
                "'" + pass + "' may compute what was a rounded table: " + what);
        before = std::move(after);
        continue;
      }
      if (!what.empty())
        return reportWrong(function, pass, what);
      ++log.checks;
      decisions.add(after);
      before = std::move(after);
    }
    llvm::erase_if(runs, [](const Run &run) { return run.refused; });
    noteDecisions(function, decisions);
    if (runs.empty() || open == all)
      return decline(function, "'" + pass + "' leaves nothing to compare");
    if (method.recognising && open > 0)
      decline(function, std::to_string(open) + " of " + std::to_string(all) +
                            " elements, which depend on rows of attention "
                            "that see no key");
  }

  static llvm::BitVector openIn(const Run &run, size_t output) {
    return output < run.undefined.size() ? run.undefined[output]
                                         : llvm::BitVector();
  }

  /// A function that the pass added.
  void compareNew(Evaluator &evaluator, func::FuncOp function,
                  const std::string &pass) {
    if (isDerived(function) && tooLarge(function).empty()) {
      evaluator.usePlaces(false);
      Derivation derivation = checkDerived(evaluator, function);
      if (!derivation.difference.empty())
        return reportWrong(function, pass, derivation.difference);
      log.checks += derivation.checks;
      if (derivation.checks == 0)
        decline(function, derivation.declined);
    }
    learn(evaluator, function);
  }

  VerifyLog &log;
  Method method;
  std::map<std::string, std::vector<Run>, std::less<>> known;
  /// Whether they were made with places, see needsAnOrder.
  std::map<std::string, bool> usesPlaces;
  std::optional<OperationFingerPrint> fingerprint;
};

} // namespace

void verifyPasses(PassManager &manager, VerifyLog &log) {
  // Functions of one module would be changed while another is evaluated.
  manager.getContext()->disableMultithreading();
  manager.addInstrumentation(std::make_unique<Verifier>(log));
}

} // namespace jarana::verify
