#include "passes/raise/recognise/Parting.h"

#include "lib/reference/Interpreter.h"
#include "lib/verify/Trace.h"
#include "passes/raise/recognise/OwnValues.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace jarana::reference;

namespace jarana::raise::recognise {
namespace {

using Interpreter = InterpreterOf<Exact>;
using TensorPtr = Interpreter::TensorPtr;

uint64_t idOf(Value value) {
  return reinterpret_cast<uint64_t>(value.getAsOpaquePointer());
}

bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

/// Evaluates a side; `see` gets each op and its results.
FailureOr<std::vector<ExactTensor>> evaluate(ModuleOp module,
                                             const Sliced &side,
                                             std::vector<ExactTensor> inputs,
                                             Interpreter::Observer see) {
  ScopedDiagnosticHandler quiet(module.getContext(),
                                [](Diagnostic &) { return success(); });
  Interpreter interpreter(module, std::move(see), {.recognising = true});
  return interpreter.run(side.function, std::move(inputs));
}

/// The own values of all operators of the candidate, then its other values.
std::optional<OwnValues> ownValues(const Sides &sides,
                                   std::vector<ExactTensor> &results) {
  OwnValues own;
  func::FuncOp function = sides.made.function;
  llvm::DenseMap<Value, TensorPtr> known;
  for (auto [argument, input] :
       llvm::zip(function.getArguments(), sides.madeInputs))
    known[argument] = std::make_shared<ExactTensor>(input);
  SmallVector<Operation *> ops;
  auto evaluated = evaluate(
      sides.module, sides.made, sides.madeInputs,
      [&](Operation &op, const Interpreter::Results &results) {
        for (auto [value, tensor] : llvm::zip_equal(op.getResults(), results))
          known[value] = tensor;
        if (op.getBlock() == &function.front())
          ops.push_back(&op);
      });
  if (failed(evaluated))
    return std::nullopt;
  results = std::move(*evaluated);
  for (Operation *op : ops)
    own.addValuesOf(
        *op, [&](Value value) { return known.lookup(value).get(); },
        sides.chunk);
  for (Value argument : function.getArguments())
    own.add("another input", *known[argument]);
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (TensorPtr tensor = known[result])
        own.add("what " + opName(op).str() + " gives beside it", *tensor);
  return own;
}

/// What was seen of a value of the cut.
struct Seen {
  std::optional<Elements> elements; ///< in a loop, of all steps
  bool isUneven = false;            ///< steps of other shapes are left out
  bool numbersOnly = false;
  /// Only numbers, and made of nothing but such: it says nothing.
  bool silent = false;
  Relation relation = Relation::Other;
  const OwnValue *own = nullptr; ///< the nearest
};

class Cut {
public:
  explicit Cut(const Sides &sides)
      : sides(sides), function(sides.cut.function) {}

  bool look(const OwnValues &own) {
    for (auto [argument, input] :
         llvm::zip(function.getArguments(), sides.cutInputs))
      seen[argument].elements.emplace(input);
    auto evaluated =
        evaluate(sides.module, sides.cut, sides.cutInputs,
                 [&](Operation &op, const Interpreter::Results &results) {
                   observe(op, results);
                 });
    if (failed(evaluated))
      return false;
    for (auto &[value, entry] : seen)
      compare(entry, own);
    for (auto &[value, entry] : seen) {
      Operation *op = value.getDefiningOp();
      entry.silent = entry.numbersOnly &&
                     (!op || llvm::none_of(op->getOperands(), [&](Value from) {
                       auto found = seen.find(from);
                       return found != seen.end() && !found->second.numbersOnly;
                     }));
    }
    return true;
  }

  /// The first op that gives a value which is not explained.
  Operation *firstUnexplained() {
    std::vector<verify::TracedOp> trace;
    llvm::DenseSet<uint64_t> explained;
    llvm::DenseSet<Operation *> used = usedOps();
    for (Operation *op : order) {
      if (!used.contains(op))
        continue;
      verify::TracedOp entry{op, {}, {}};
      for (Value result : op->getResults()) {
        auto found = seen.find(result);
        if (found == seen.end() || found->second.silent)
          continue;
        entry.results.push_back(idOf(result));
        if (found->second.relation == Relation::Same)
          explained.insert(idOf(result));
      }
      if (entry.results.empty())
        continue;
      llvm::SetVector<Value> sources;
      collectSources(op, sources);
      for (Value source : sources)
        entry.operands.push_back(idOf(source));
      trace.push_back(std::move(entry));
    }
    explainedValues = explained.size();
    return putTogether(verify::firstUnexplained(trace, explained));
  }

  /// Where all values are explained and a result is another one than the
  /// candidate's: the op that gives it, behind which it is only moved.
  Operation *wrongResult(const std::vector<ExactTensor> &wanted) {
    Operation *end = function.front().getTerminator();
    for (auto [result, tensor] : llvm::zip(end->getOperands(), wanted)) {
      auto found = seen.find(result);
      if (found == seen.end() || !found->second.own ||
          OwnValue("", tensor).relationOf(*found->second.elements) ==
              Relation::Same)
        continue;
      Value value = result;
      while (Operation *op = value.getDefiningOp()) {
        auto from = op->getNumOperands() > 0 ? seen.find(op->getOperand(0))
                                             : seen.end();
        if (from == seen.end() || from->second.own != found->second.own)
          return op;
        value = op->getOperand(0);
      }
    }
    return nullptr;
  }

  size_t explainedValues = 0; ///< of the cut, by firstUnexplained

  /// "what it makes of ... is no value of Attention"
  std::string describe(Operation *op) {
    llvm::SetVector<StringRef> names;
    for (Value operand : op->getOperands())
      if (auto found = seen.find(enteredBy(operand));
          found != seen.end() && found->second.relation == Relation::Same)
        names.insert(found->second.own->name());
    Seen made;
    for (Value result : op->getResults())
      if (auto found = seen.find(result); found != seen.end()) {
        made = found->second;
        if (made.relation != Relation::Same)
          break;
      }
    StringRef own = made.own ? StringRef(made.own->name()) : StringRef();
    switch (made.own ? made.relation : Relation::Other) {
    case Relation::Same:
      return ("the graph's result is " + own + ", the operator's is not").str();
    case Relation::Reordered:
      return ("it puts " + own + " in another order").str();
    case Relation::Hidden:
      return ("it gives " + own + ", but with numbers in other places").str();
    case Relation::Part:
      return ("it gives only a part of " + own).str();
    default:
      break;
    }
    if (made.numbersOnly)
      return "of " +
             (names.empty() ? "its operands" : llvm::join(names, " and ")) +
             " it leaves numbers only";
    if (names.empty())
      return "what it makes is no value of " + sides.kind;
    return "what it makes of " + llvm::join(names, " and ") +
           " is no value of " + sides.kind;
  }

private:
  /// Where an op only takes a part of an own value, and the parts are put
  /// together in another order: what puts them together.
  Operation *putTogether(Operation *op) {
    if (!op || op->getNumResults() != 1)
      return op;
    auto part = seen.find(op->getResult(0));
    if (part == seen.end() || part->second.relation != Relation::Part)
      return op;
    for (Operation *user : op->getResult(0).getUsers())
      for (Value result : user->getResults())
        if (auto whole = seen.find(result);
            whole != seen.end() && whole->second.own == part->second.own &&
            whole->second.relation == Relation::Reordered)
          return user;
    return op;
  }

  /// Those that a result of the cut depends on.
  llvm::DenseSet<Operation *> usedOps() {
    llvm::DenseSet<Operation *> used;
    SmallVector<Operation *> open = {function.front().getTerminator()};
    while (!open.empty())
      open.pop_back_val()->walk([&](Operation *op) {
        bool isBodys = op->hasTrait<OpTrait::IsTerminator>();
        if (op->getParentOp() != function && !isBodys && !used.contains(op))
          return; // used where a body's end depends on it
        for (Value operand : op->getOperands())
          if (Operation *from = operand.getDefiningOp();
              from && used.insert(from).second)
            open.push_back(from);
      });
    return used;
  }

  void observe(Operation &op, const Interpreter::Results &results) {
    bool isNew = false;
    for (auto [value, tensor] : llvm::zip_equal(op.getResults(), results)) {
      if (!tensor || !isFloat(value))
        continue;
      Seen &entry = seen[value];
      if (!entry.elements) {
        entry.elements.emplace(*tensor);
        isNew = true;
      } else if (!entry.isUneven) {
        entry.isUneven = !entry.elements->append(Elements(*tensor));
      }
    }
    if (isNew || op.getNumRegions() > 0)
      order.push_back(&op);
  }

  static void compare(Seen &entry, const OwnValues &own) {
    entry.numbersOnly = entry.elements->holdsNumbersOnly();
    for (const OwnValue &value : own.all()) {
      Relation relation = value.relationOf(*entry.elements);
      bool nearer =
          relation < entry.relation ||
          (relation == Relation::Part && entry.own &&
           relation == entry.relation && value.count() < entry.own->count());
      if (!nearer)
        continue;
      entry.relation = relation;
      entry.own = &value;
      if (relation == Relation::Same)
        return;
    }
  }

  /// What a loop's argument is in the first step; other values as they are.
  static Value enteredBy(Value value) {
    auto argument = dyn_cast<BlockArgument>(value);
    if (!argument)
      return value;
    Block *body = argument.getOwner();
    Operation *loop = body->getParentOp();
    return loop->getNumOperands() == body->getNumArguments()
               ? loop->getOperand(argument.getArgNumber())
               : value;
  }

  /// The values that an op depends on: through integers, through what holds
  /// numbers only, and from a loop's arguments to what enters it.
  void collectSources(Operation *op, llvm::SetVector<Value> &into) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        collectSources(operand, into);
    });
  }

  void collectSources(Value value, llvm::SetVector<Value> &into) {
    llvm::DenseSet<Value> visited;
    SmallVector<Value> open = {value};
    while (!open.empty()) {
      Value next = open.pop_back_val();
      if (!visited.insert(next).second)
        continue;
      auto found = seen.find(next);
      if (found != seen.end() && !found->second.silent) {
        // What depends on numbers only shows nothing of what they were made of.
        if (!found->second.numbersOnly)
          into.insert(next);
        continue;
      }
      Operation *op = next.getDefiningOp();
      if (auto argument = dyn_cast<BlockArgument>(next)) {
        op = argument.getOwner()->getParentOp();
        if (op == function)
          continue;
        if (Value entering = enteredBy(argument); entering != argument) {
          open.push_back(entering);
          continue;
        }
      }
      open.append(op->operand_begin(), op->operand_end());
    }
  }

  const Sides &sides;
  func::FuncOp function;
  llvm::DenseMap<Value, Seen> seen;
  SmallVector<Operation *> order; ///< as they were evaluated first
};

} // namespace

std::optional<Parting> whereSidesPart(Sides sides) {
  std::vector<ExactTensor> wanted;
  std::optional<OwnValues> own = ownValues(sides, wanted);
  Cut cut(sides);
  if (!own || !own->isComplete() || !cut.look(*own))
    return std::nullopt;
  Operation *first = cut.firstUnexplained();
  if (!first)
    first = cut.wrongResult(wanted);
  if (!first)
    return std::nullopt;
  Parting parting;
  parting.text = cut.describe(first);
  parting.explained = cut.explainedValues;
  bool met = false;
  Operation *function = sides.cut.function;
  function->walk<WalkOrder::PreOrder>([&](Operation *op) {
    met |= op == first;
    parting.op += !met;
  });
  return parting;
}

Operation *opOfCut(const Sliced &cut, size_t number) {
  Operation *found = nullptr, *function = cut.function;
  size_t count = 0;
  function->walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (count++ == number)
      found = op;
  });
  return found;
}

} // namespace jarana::raise::recognise
