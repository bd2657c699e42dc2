// One step of a scan, as in a graph that decodes one token:
//
//   S' = exp(dt a) S + dt x (outer) B,   y = S' C
//
// with the state S as [b, h, p, n] or [b, h, n, p], becomes LinearAttention of
// length 1. It is found by the new state.
#include "passes/raise/recognise/Constants.h"
#include "passes/raise/recognise/Narrow.h"
#include "passes/raise/recognise/PerHead.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

/// The new state and what it is made of.
struct Update {
  Value next, state;             ///< [b, h, rows, columns]
  Value exponent;                ///< log of the decay, broadcasts to the state
  Value dt, a;                   ///< exponent = dt * a, or both null
  SmallVector<Value> rowFactors; ///< [b, h, rows, 1]
  SmallVector<Value> columnFactors; ///< [b, h, 1, columns]
  int64_t heads = 0, rows = 0, columns = 0;
};

/// What the state gives.
struct Reading {
  Value weight; ///< C: batch, then h * n or n elements
  Value result; ///< y: batch, then h * p elements
};

class ScanStep : public Recogniser {
public:
  StringRef name() const override { return "scan-step"; }

  void propose(Operation *anchor, Graph &graph,
               SmallVectorImpl<Proposal> &proposals,
               std::string &declined) override {
    std::optional<Update> update = read(anchor, graph);
    if (!update)
      return;
    // What reads the state before its update is no step, but may be told so.
    for (Value read : {update->next, update->state})
      for (bool swapped : {false, true}) {
        // Rows belong to the value where the state is [b, h, p, n].
        int64_t width = swapped ? update->columns : update->rows,
                state = swapped ? update->rows : update->columns;
        std::optional<Reading> reading =
            proposals.empty() || read == update->next
                ? findReading(graph, *update, read, width, state)
                : std::nullopt;
        if (!reading)
          continue;
        if (auto proposal = make(graph, *update, *reading, swapped))
          proposals.push_back(std::move(*proposal));
      }
    if (proposals.empty())
      declined = "nothing reads the state that it makes, or its decay differs "
                 "within a head";
  }

private:
  /// Takes a product apart; an outer product by MatMul is one too.
  static void factors(Value value, SmallVectorImpl<Value> &into) {
    Operation *op = value.getDefiningOp();
    bool outer = opName(op) == "MatMul" && rankOf(value) == 4;
    if (opName(op) != "Mul" && !outer) {
      into.push_back(value);
      return;
    }
    factors(op->getOperand(0), into);
    factors(op->getOperand(1), into);
  }

  static std::optional<Update> read(Operation *anchor, Graph &graph) {
    if (opName(anchor) != "Add" || !isFloat(anchor->getResult(0)) ||
        rankOf(anchor->getResult(0)) != 4)
      return std::nullopt;
    Update update;
    update.next = anchor->getResult(0);
    Value added;
    for (unsigned i : {0u, 1u}) {
      Operation *kept = anchor->getOperand(i).getDefiningOp();
      if (opName(kept) != "Mul" || update.state)
        continue;
      for (unsigned j : {0u, 1u})
        if (is(kept->getOperand(j), "Exp") && !update.state &&
            sameShape(graph, kept->getOperand(1 - j), update.next)) {
          update.state = kept->getOperand(1 - j);
          update.exponent = kept->getOperand(j).getDefiningOp()->getOperand(0);
          added = anchor->getOperand(1 - i);
        }
    }
    if (!update.state || rankOf(update.exponent) != 4)
      return std::nullopt;
    auto heads = dim(graph, update.next, 1).constant(),
         rows = dim(graph, update.next, 2).constant(),
         columns = dim(graph, update.next, 3).constant();
    if (!heads || !rows || !columns)
      return std::nullopt;
    update.heads = *heads;
    update.rows = *rows;
    update.columns = *columns;
    if (is(update.exponent, "Mul"))
      for (unsigned i : {0u, 1u}) {
        Operation *product = update.exponent.getDefiningOp();
        if (!isWeight(product->getOperand(i)) || update.a)
          continue;
        update.a = product->getOperand(i);
        update.dt = product->getOperand(1 - i);
      }
    SmallVector<Value> all;
    factors(added, all);
    for (Value factor : all) {
      if (rankOf(factor) != 4)
        return std::nullopt;
      if (dim(graph, factor, 3).isConstant(1))
        update.rowFactors.push_back(factor);
      else if (dim(graph, factor, 2).isConstant(1))
        update.columnFactors.push_back(factor);
      else
        return std::nullopt;
    }
    if (update.rowFactors.empty() || update.columnFactors.empty())
      return std::nullopt;
    return update;
  }

  static bool isWeight(Value value) {
    StringRef name = opName(value);
    return name == "load_weight" || name == "Constant";
  }

  /// Whether a value has the batch in front, and `count` elements for each.
  static bool perSequence(Graph &graph, const Update &update, Value value,
                          int64_t count) {
    int64_t rank = rankOf(value), product = 1;
    if (rank < 2 || !graph.shapes.context().proveEqual(
                        dim(graph, value, 0), dim(graph, update.next, 0)))
      return false;
    for (int64_t axis = 1; axis < rank; ++axis)
      product *= dim(graph, value, axis).constant().value_or(0);
    return product == count;
  }

  /// The product of a state with C, and what it becomes.
  static std::optional<Reading> findReading(Graph &graph, const Update &update,
                                            Value read, int64_t width,
                                            int64_t state) {
    for (Operation *user : read.getUsers()) {
      Value from = read;
      while (user && user->getNumResults() == 1 &&
             throughMovement(user->getResult(0)) != user->getResult(0)) {
        from = user->getResult(0);
        user = onlyUser(from);
      }
      if (!user || (opName(user) != "MatMul" && opName(user) != "Einsum") ||
          user->getNumOperands() != 2)
        continue;
      Reading reading;
      Value weight = otherOperand(user, from);
      for (int64_t count : {update.heads * state, state})
        for (Value value : movementChain(weight))
          if (!reading.weight && perSequence(graph, update, value, count))
            reading.weight = value;
      reading.result = user->getResult(0);
      while (
          !perSequence(graph, update, reading.result, update.heads * width)) {
        Operation *next = onlyUser(reading.result);
        if (!next || next->getNumResults() != 1 ||
            throughMovement(next->getResult(0)) == next->getResult(0))
          break;
        reading.result = next->getResult(0);
      }
      if (reading.weight &&
          perSequence(graph, update, reading.result, update.heads * width))
        return reading;
    }
    return std::nullopt;
  }

  static std::optional<Proposal> make(Graph &graph, const Update &update,
                                      const Reading &reading, bool swapped) {
    int64_t width = swapped ? update.columns : update.rows,
            state = swapped ? update.rows : update.columns;
    SmallVector<Value> values =
                           swapped ? update.columnFactors : update.rowFactors,
                       keys =
                           swapped ? update.rowFactors : update.columnFactors;
    // dt is a factor of the value of its own, as in the decay.
    SmallVector<int64_t> wide = {2, 3};
    SmallVector<Value> leaves;
    Narrower narrower(graph);
    bool sharesDt = update.dt && llvm::is_contained(values, update.dt) &&
                    values.size() > 1 && rankOf(update.dt) == 4 &&
                    narrower.canNarrow(update.dt, wide, leaves);
    if (sharesDt) {
      llvm::erase(values, update.dt);
      int64_t rank = rankOf(update.a);
      SmallVector<int64_t> last = {rank - 2, rank - 1};
      if (rank < 2 || !narrower.canNarrow(update.a, last, leaves))
        return std::nullopt;
    } else {
      leaves.clear();
      if (!narrower.canNarrow(update.exponent, wide, leaves))
        return std::nullopt;
    }
    Proposal proposal;
    proposal.kind = "LinearAttention";
    for (Value value : values)
      proposal.inputs.push_back({value});
    for (Value key : keys)
      proposal.inputs.push_back({key});
    proposal.inputs.append({{reading.weight}, {update.state}});
    for (Value leaf : leaves)
      proposal.inputs.push_back(
          {leaf, leaf == update.exponent ? Fill::Decay : Fill::Normal});
    proposal.outputs = {reading.result, update.next};
    proposal.facts = {{"length", "1"}};
    SmallVector<int64_t> shape = {0};
    for (int64_t axis = 1; axis < rankOf(reading.result); ++axis)
      shape.push_back(*dim(graph, reading.result, axis).constant());
    int64_t groups =
        perSequence(graph, update, reading.weight, update.heads * state)
            ? update.heads
            : 1;
    proposal.build = [&graph, update, reading, swapped, sharesDt, width, state,
                      values, keys, shape,
                      groups](OnnxBuilder &build, ValueRange) {
      Narrower narrower(graph);
      int64_t heads = update.heads;
      auto product = [&](ArrayRef<Value> list) {
        Value all = list[0];
        for (Value next : list.drop_front())
          all = build.one("Mul", {all, next});
        return all;
      };
      Value key = product(keys), factor = product(values);
      if (!key || !factor)
        return SmallVector<Value>();
      bool shared = dim(graph, key, 1).isConstant(1) && heads != 1;
      key = perHead(build, key, shared ? 1 : heads, heads, state, 1);
      Value query = perHead(build, reading.weight, groups, heads, state, 1);
      Value value = build.reshape(factor, {0, 1, heads, width});
      Value decay;
      if (sharesDt) {
        int64_t rank = rankOf(update.a);
        Value dt = build.reshape(narrower.narrow(build, update.dt, {2, 3}),
                                 {0, 1, heads}),
              a = build.reshape(
                  narrower.narrow(build, update.a, {rank - 2, rank - 1}), {-1});
        decay = build.one("Mul", {dt, a});
        value = build.one(
            "Mul", {value, build.one("Unsqueeze", {dt, build.integers({3})})});
      } else {
        decay = build.reshape(narrower.narrow(build, update.exponent, {2, 3}),
                              {0, 1, heads});
      }
      Value past =
          swapped ? update.state : build.transpose(update.state, {0, 1, 3, 2});
      SmallVector<Value> results =
          scanOp(build, query, key, build.reshape(value, {0, 1, heads * width}),
                 past, decay, heads);
      Value next = results[1] && !swapped
                       ? build.transpose(results[1], {0, 1, 3, 2})
                       : results[1];
      return SmallVector<Value>{build.reshape(results[0], shape), next};
    };
    return proposal;
  }
};

} // namespace

std::unique_ptr<Recogniser> makeScanStepRecogniser() {
  return std::make_unique<ScanStep>();
}

} // namespace jarana::raise::recognise
