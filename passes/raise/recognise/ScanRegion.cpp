#include "passes/raise/recognise/ScanRegion.h"

#include "dialects/onnx/OnnxDialect.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

bool isFloat(Value value) {
  return isa<FloatType>(getElementTypeOrSelf(value.getType()));
}

/// The operand of a masking that carries the data; null where there is none or
/// two.
Value maskedData(Operation *op) {
  if (opName(op) == "Trilu")
    return op->getOperand(0);
  if (opName(op) != "Where")
    return {};
  Value first = op->getOperand(1), second = op->getOperand(2);
  if (scalarConstant(throughMovement(first)))
    return second;
  return scalarConstant(throughMovement(second)) ? first : Value();
}

/// The ops that depend on what `value` holds, in the order of the block.
SmallVector<Operation *> followers(Value value, Graph &graph) {
  Block &block = graph.function.getBody().front();
  llvm::DenseSet<Operation *> seen;
  SmallVector<Operation *> open, result;
  auto isShape = [&](Operation *op) {
    return op->getNumResults() == 1 &&
           graph.shapes[op->getResult(0)].contents.has_value();
  };
  auto follow = [&](Value from) {
    for (Operation *user : from.getUsers())
      if (Operation *here = block.findAncestorOpInBlock(*user);
          here && !isShape(here) && seen.insert(here).second)
        open.push_back(here);
  };
  follow(value);
  while (!open.empty()) {
    Operation *op = open.pop_back_val();
    result.push_back(op);
    for (Value each : op->getResults())
      follow(each);
  }
  llvm::sort(result,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return result;
}

/// Those of `ops` that `target` depends on.
llvm::DenseSet<Operation *> leadingTo(Value target, ArrayRef<Operation *> ops) {
  llvm::DenseSet<Operation *> among(ops.begin(), ops.end()), needed;
  SmallVector<Operation *> open;
  auto need = [&](Value value) {
    Operation *op = value.getDefiningOp();
    if (op && among.contains(op) && needed.insert(op).second)
      open.push_back(op);
  };
  need(target);
  while (!open.empty())
    for (Value operand : open.pop_back_val()->getOperands())
      need(operand);
  return needed;
}

/// The first op in which all paths from `decay` meet, after they parted.
Operation *firstJoin(Value decay, ArrayRef<Operation *> ops,
                     const llvm::DenseSet<Operation *> &needed) {
  auto from = [&](Value value) {
    return value == decay || needed.contains(value.getDefiningOp());
  };
  auto edgesInto = [&](Operation *op) {
    return llvm::count_if(op->getOperands(), from);
  };
  int64_t pending = 0;
  auto leave = [&](Value value) {
    for (OpOperand &use : value.getUses())
      pending += needed.contains(use.getOwner());
  };
  leave(decay);
  for (Operation *op : ops) {
    if (!needed.contains(op))
      continue;
    int64_t edges = edgesInto(op);
    pending -= edges;
    if (pending == 0 && edges > 1)
      return op;
    for (Value result : op->getResults())
      leave(result);
  }
  return nullptr;
}

} // namespace

Value rootOfDecay(Value summed) {
  Value value = summed;
  for (;;) {
    value = throughMovement(value);
    Operation *op = value.getDefiningOp();
    if (!op)
      return value;
    if (opName(op) == "CumSum")
      return {};
    if (opName(op) == "Gather")
      value = op->getOperand(0);
    else if (Value data = maskedData(op))
      value = data;
    else
      return value;
  }
}

bool isFixed(Value value, Graph &graph) {
  SmallVector<Value> open = {value};
  llvm::DenseSet<Value> seen;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (!seen.insert(next).second || isa<NoneType>(next.getType()) ||
        graph.shapes[next].contents)
      continue;
    Operation *op = next.getDefiningOp();
    if (!op || seen.size() > 64)
      return false;
    open.append(op->operand_begin(), op->operand_end());
  }
  return true;
}

SmallVector<ScanRegion, 0> regionsFrom(Value decay, Graph &graph) {
  SmallVector<ScanRegion, 0> regions;
  Block &block = graph.function.getBody().front();
  SmallVector<Operation *> ops = followers(decay, graph);
  llvm::DenseSet<Operation *> joins;
  for (Value result : block.getTerminator()->getOperands()) {
    llvm::DenseSet<Operation *> needed = leadingTo(result, ops);
    Operation *join = firstJoin(decay, ops, needed);
    if (!join || join->getNumResults() != 1 || !joins.insert(join).second)
      continue;
    ScanRegion region;
    region.decay = decay;
    region.join = join->getResult(0);
    region.ops = leadingTo(region.join, ops);
    for (Operation *op : ops) {
      if (!region.ops.contains(op))
        continue;
      for (Value operand : op->getOperands())
        if (operand != decay && !region.ops.contains(operand.getDefiningOp()) &&
            isFloat(operand) &&
            !llvm::is_contained(region.externals, operand) &&
            !isFixed(operand, graph))
          region.externals.push_back(operand);
    }
    regions.push_back(std::move(region));
  }
  return regions;
}

} // namespace jarana::raise::recognise
