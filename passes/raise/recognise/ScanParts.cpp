#include "passes/raise/recognise/ScanParts.h"

#include "passes/raise/recognise/Constants.h"
#include "passes/raise/recognise/PerHead.h"

using namespace mlir;
using jarana::symbolic::Expr;

namespace jarana::raise::recognise {
namespace {

/// Products within a scan that do not depend on its decay.
constexpr StringLiteral productOps[] = {"Einsum", "MatMul", "Mul", "ReduceSum"};
constexpr size_t mostProducts = 32;

/// Groups and state of B or C: [b, s, groups, state], or flat.
std::optional<std::pair<int64_t, int64_t>>
groupsAndState(Graph &graph, Value value, int64_t heads) {
  if (rankOf(value) == 3) {
    auto flat = dim(graph, value, 2).constant();
    return flat ? std::optional(std::pair<int64_t, int64_t>(1, *flat))
                : std::nullopt;
  }
  if (rankOf(value) != 4)
    return std::nullopt;
  auto groups = dim(graph, value, 2).constant(),
       state = dim(graph, value, 3).constant();
  if (!groups || !state || *groups < 1 || heads % *groups != 0)
    return std::nullopt;
  return std::pair(*groups, *state);
}

} // namespace

ScanParts::ScanParts(const ScanRegion &region, Graph &graph, int64_t chunk)
    : region(region), graph(graph), chunk(chunk),
      batch(dim(graph, region.decay, 0)), length(dim(graph, region.decay, 1)) {}

bool ScanParts::startsWithPositions(Value value) {
  symbolic::Context &context = graph.shapes.context();
  return rankOf(value) >= 3 && rankOf(value) <= 4 &&
         context.proveEqual(dim(graph, value, 0), batch) &&
         context.proveEqual(dim(graph, value, 1), length);
}

bool ScanParts::isState(Value value) {
  return rankOf(value) == 4 &&
         hasShape(value, {batch, Expr(heads), dim(graph, value, 2),
                          dim(graph, value, 3)}) &&
         dim(graph, value, 2).constant() && dim(graph, value, 3).constant();
}

bool ScanParts::hasShape(Value value, ArrayRef<Expr> shape) {
  if (rankOf(value) != static_cast<int64_t>(shape.size()))
    return false;
  for (auto [axis, size] : llvm::enumerate(shape))
    if (!graph.shapes.context().proveEqual(
            dim(graph, value, static_cast<int64_t>(axis)), size))
      return false;
  return true;
}

bool ScanParts::read(std::string &declined) {
  auto count = dim(graph, region.decay, 2).constant();
  if (!count || *count < 1) {
    declined = "its decay has no known number of heads";
    return false;
  }
  heads = *count;
  // Up from what enters, through products of it that do not depend on the
  // decay (C B^T), to values with a row per position.
  llvm::DenseMap<Value, Operation *> lastUse;
  llvm::DenseSet<Operation *> inside = region.ops;
  SmallVector<Value> open(llvm::reverse(region.externals));
  llvm::DenseSet<Value> visited;
  while (!open.empty()) {
    Value external = open.pop_back_val();
    if (!visited.insert(external).second)
      continue;
    SmallVector<Value> chain = movementChain(external);
    // The value nearest to the scan, without the padding around it.
    auto *found = llvm::find_if(
        chain, [&](Value value) { return startsWithPositions(value); });
    while (found != chain.end() && found + 1 != chain.end() &&
           (is(*found, "Pad") || is(*found, "Identity")) &&
           startsWithPositions(found[1]))
      ++found;
    if (found != chain.end()) {
      if (!llvm::is_contained(sources, *found))
        sources.push_back(*found);
      for (Operation *user : external.getUsers())
        if (Operation *&last = lastUse[*found];
            inside.contains(user) && (!last || last->isBeforeInBlock(user)))
          last = user;
      continue;
    }
    auto *state =
        llvm::find_if(chain, [&](Value value) { return isState(value); });
    if (state != chain.end()) {
      if (initial && initial != *state) {
        declined = "two states enter it";
        return false;
      }
      initial = *state;
      continue;
    }
    Operation *product = chain.back().getDefiningOp();
    if (!product || visited.size() > mostProducts ||
        !llvm::is_contained(productOps, opName(product))) {
      declined = "a value enters it that has no row per position";
      return false;
    }
    for (Value each : chain)
      inside.insert(each.getDefiningOp());
    for (Value operand : product->getOperands())
      if (isFloat(operand) && !isFixed(operand, graph))
        open.push_back(operand);
  }
  if (sources.size() != 3) {
    declined = std::to_string(sources.size()) +
               " values per position enter it beside the decay; a scan has 3";
    return false;
  }
  llvm::sort(sources, [&](Value a, Value b) {
    return lastUse[a]->isBeforeInBlock(lastUse[b]);
  });
  return true;
}

SmallVector<ScanRoles, 0> ScanParts::assignments() {
  // C reads the state, so it is used last; v is a product with dt.
  SmallVector<std::array<size_t, 3>> orders; // v, B, C
  for (size_t c : {2u, 1u, 0u})
    for (size_t v : {0u, 1u, 2u})
      if (v != c)
        orders.push_back({v, 3 - v - c, c});
  std::vector<std::array<size_t, 3>> likely, unlikely;
  for (const auto &order : orders)
    (is(sources[order[0]], "Mul") ? likely : unlikely).push_back(order);
  likely.insert(likely.end(), unlikely.begin(), unlikely.end());
  SmallVector<ScanRoles, 0> all;
  for (auto [v, b, c] : likely) {
    ScanRoles roles{sources[v], sources[b], sources[c], initial};
    auto width = dim(graph, roles.value, -1).constant();
    if (width && rankOf(roles.value) == 3)
      width =
          *width % heads == 0 ? std::optional(*width / heads) : std::nullopt;
    else if (rankOf(roles.value) == 4 &&
             !dim(graph, roles.value, 2).isConstant(heads))
      continue;
    auto left = groupsAndState(graph, roles.b, heads),
         right = groupsAndState(graph, roles.c, heads);
    if (!width || !left || !right || left->second != right->second)
      continue;
    roles.width = *width;
    roles.state = left->second;
    if (!initial) {
      all.push_back(roles);
      continue;
    }
    for (bool swapped : {false, true}) {
      Expr p(roles.width), n(roles.state);
      for (Value value : movementChain(initial))
        if (hasShape(value,
                     {batch, Expr(heads), swapped ? n : p, swapped ? p : n})) {
          roles.initial = value;
          roles.initialSwapped = swapped;
          all.push_back(roles);
          break;
        }
    }
  }
  return all;
}

std::optional<ScanParts::Output> ScanParts::findOutput(const ScanRoles &roles) {
  Output output;
  output.value = region.join;
  Expr h(heads), p(roles.width);
  for (;;) {
    if (hasShape(output.value, {batch, length, h, p}) ||
        hasShape(output.value, {batch, length, h * p}))
      return output;
    Operation *user = onlyUser(output.value);
    if (!user || user->getNumResults() != 1)
      return std::nullopt;
    if (opName(user) == "Add" && !output.skip) {
      output.skip = otherOperand(user, output.value);
      if (region.ops.contains(output.skip.getDefiningOp()))
        return std::nullopt;
    } else if (opName(user) == "Slice" && user->getOperand(0) == output.value &&
               !output.cut) {
      output.cut = user;
    } else if (throughMovement(user->getResult(0)) == user->getResult(0) ||
               user->getOperand(0) != output.value || output.skip) {
      return std::nullopt;
    }
    output.value = user->getResult(0);
  }
}

SmallVector<ScanParts::FinalState>
ScanParts::findFinalStates(const ScanRoles &roles) {
  SmallVector<FinalState> found;
  Expr h(heads), p(roles.width), n(roles.state);
  SmallVector<Operation *> ordered(region.ops.begin(), region.ops.end());
  llvm::sort(ordered,
             [](Operation *a, Operation *b) { return b->isBeforeInBlock(a); });
  // Whether the value is one: then those after it say nothing new.
  auto take = [&](Value value) {
    bool plain = hasShape(value, {batch, h, p, n}),
         swapped = hasShape(value, {batch, h, n, p});
    if (plain)
      found.push_back({value, false});
    if (swapped)
      found.push_back({value, true});
    return plain || swapped;
  };
  for (Operation *op : ordered)
    for (Value result : op->getResults()) {
      SmallVector<Operation *> outside;
      for (Operation *user : result.getUsers())
        if (!region.ops.contains(user) && !llvm::is_contained(outside, user))
          outside.push_back(user);
      if (result == region.join || outside.empty() || take(result))
        continue;
      for (Operation *next : outside)
        while (next && next->getNumResults() == 1 &&
               (opName(next) == "Gather" ||
                throughMovement(next->getResult(0)) != next->getResult(0)) &&
               !take(next->getResult(0)))
          next = onlyUser(next->getResult(0));
    }
  return found;
}

SmallVector<Proposal, 0> ScanParts::proposals(const ScanRoles &roles) {
  SmallVector<Proposal, 0> all;
  std::optional<Output> output = findOutput(roles);
  if (!output)
    return all;
  // D * Pad(x), cut to the sequence's length, is D * x.
  if (output->skip && is(output->skip, "Mul") && output->skip.hasOneUse())
    for (unsigned i : {0u, 1u}) {
      Operation *product = output->skip.getDefiningOp();
      Value padded = product->getOperand(i);
      if (is(padded, "Pad") &&
          startsWithPositions(padded.getDefiningOp()->getOperand(0)) &&
          rankOf(product->getOperand(1 - i)) <= 2) {
        output->factor = product->getOperand(1 - i);
        output->unpadded = padded.getDefiningOp()->getOperand(0);
        break;
      }
    }
  for (const FinalState &last : findFinalStates(roles))
    all.push_back(propose(roles, *output, last));
  all.push_back(propose(roles, *output, std::nullopt));
  return all;
}

Proposal ScanParts::propose(const ScanRoles &roles, const Output &output,
                            std::optional<FinalState> last) {
  Proposal proposal;
  proposal.kind = "LinearAttention";
  proposal.inputs = {
      {region.decay, Fill::Decay}, {roles.value}, {roles.b}, {roles.c}};
  if (roles.initial)
    proposal.inputs.push_back({roles.initial});
  if (output.unpadded)
    proposal.inputs.append({{output.factor}, {output.unpadded}});
  else if (output.skip)
    proposal.inputs.push_back({output.skip});
  proposal.outputs = {output.value};
  if (last)
    proposal.outputs.push_back(last->value);
  proposal.length = length;
  proposal.chunk = chunk;
  int64_t groupsB = groupsAndState(graph, roles.b, heads)->first,
          groupsC = groupsAndState(graph, roles.c, heads)->first;
  if (chunk > 0)
    proposal.facts = {{"chunk", std::to_string(chunk)}};
  proposal.build = [roles, output, last, heads = heads, groupsB, groupsC,
                    flat = rankOf(output.value) == 3](OnnxBuilder &build,
                                                      ValueRange inputs) {
    size_t next = 4;
    Value past = build.none();
    if (roles.initial) {
      past = inputs[next++];
      if (!roles.initialSwapped)
        past = build.transpose(past, {0, 1, 3, 2});
    }
    Value query = perHead(build, inputs[3], groupsC, heads, roles.state),
          key = perHead(build, inputs[2], groupsB, heads, roles.state),
          value = build.reshape(inputs[1], {0, 0, heads * roles.width});
    SmallVector<Value> results =
        scanOp(build, query, key, value, past, inputs[0], heads);
    Value y = results[0];
    if (y && !flat)
      y = build.reshape(y, {0, 0, heads, roles.width});
    if (y && output.unpadded)
      y = build.one("Add",
                    {y, build.one("Mul", {inputs[next], inputs[next + 1]})});
    else if (y && output.skip) {
      SmallVector<Value> operands(output.cut ? output.cut->getOperands()
                                             : ValueRange());
      Value skip = inputs[next];
      if (output.cut) {
        operands[0] = skip;
        skip = build.one("Slice", operands);
      }
      y = build.one("Add", {y, skip});
    }
    SmallVector<Value> outputs = {y};
    if (last)
      outputs.push_back(results[1] && !last->swapped
                            ? build.transpose(results[1], {0, 1, 3, 2})
                            : results[1]);
    return outputs;
  };
  return proposal;
}

} // namespace jarana::raise::recognise
