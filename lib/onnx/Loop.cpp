// Loop: taken apart into its iterations, or a Scan over their numbers (or over
// what they index), or a loop that ends when the model runs.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;
using symbolic::Expr;

/// Iterations and nodes (of all iterations) up to which a loop is taken apart.
static constexpr int64_t mostIterations = 64, mostNodes = 2048;

/// The body as a region: it gets the iteration's number, the condition and what
/// is carried, and yields the condition, what is carried, and the slices of the
/// scan outputs.
struct GraphImporter::LoopBody {
  std::unique_ptr<Region> region;
  size_t carried = 0;
  /// Of a Scan: scan inputs, after the carried values as arguments.
  SmallVector<Value> scanned;
  SmallVector<int64_t> axes;

  Block &block() { return region->front(); }
  BlockArgument number() { return block().getArgument(0); }
  Operation *yield() { return block().getTerminator(); }
  size_t scanOutputs() { return yield()->getNumOperands() - 1 - carried; }
};

GraphImporter::LoopBody
GraphImporter::importLoopBody(const CheckedNode &node,
                              const pb::GraphProto &body) {
  LoopBody loop;
  loop.region = std::make_unique<Region>();
  loop.carried = node.operands.size() - 2;
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(loop.region.get());
  Scope inner;
  auto add = [&](int index, ValueInfo info) {
    Value argument = block->addArgument(typeOf(info), node.location);
    shapes.set(argument, std::move(info));
    bind(inner, body.input(index).name(), argument,
         node.title + ": the body's input");
  };
  add(0, {builder.getI64Type(), {}, std::nullopt});
  // An iteration runs only where the condition holds.
  add(1, {builder.getI1Type(), {}, std::vector<Expr>{Expr(1)}});
  for (size_t i = 0; i < loop.carried; ++i) {
    ValueInfo info = shapes.lookup(node.operands[i + 2]);
    info.contents.reset(); // the elements change
    add(static_cast<int>(i) + 2, std::move(info));
  }
  SmallVector<Value> values = importGraph(node, body, inner);
  mlir::onnx::YieldOp::create(builder, node.location, values);
  return loop;
}

void GraphImporter::discard(LoopBody &loop) {
  loop.region->walk([&](Operation *op) {
    for (Value result : op->getResults())
      shapes.forget(result);
    for (Region &region : op->getRegions())
      for (Value argument : region.getArguments())
        shapes.forget(argument);
  });
  for (Value argument : loop.region->getArguments())
    shapes.forget(argument);
  loop.region.reset();
}

static int64_t countNodes(const pb::GraphProto &graph) {
  int64_t count = graph.node_size();
  for (const pb::NodeProto &node : graph.node())
    for (const pb::AttributeProto &attribute : node.attribute())
      if (attribute.has_g())
        count += countNodes(attribute.g());
  return count;
}

void GraphImporter::importLoop(const CheckedNode &node) {
  const pb::GraphProto &body = node.attribute("body")->g();
  if (node.operands.size() < 2)
    node.fail("it must have a trip count and a condition, which may be absent");
  size_t carried = node.operands.size() - 2;
  if (static_cast<size_t>(body.input_size()) != carried + 2)
    node.fail("its body has " + std::to_string(body.input_size()) +
              " inputs; the node asks for " + std::to_string(carried + 2));
  if (static_cast<size_t>(body.output_size()) < carried + 1 ||
      body.output_size() != node.proto.output_size() + 1)
    node.fail("its body has " + std::to_string(body.output_size()) +
              " outputs; the node asks for " +
              std::to_string(node.proto.output_size() + 1) +
              ", with a condition and " + std::to_string(carried) +
              " carried values");
  auto single = [&](Value operand, const char *what,
                    bool isRight) -> std::optional<Expr> {
    if (!operand)
      return std::nullopt;
    ValueInfo info = shapes.lookup(operand);
    for (const Expr &dim : info.shape)
      if (!dim.isConstant(1))
        isRight = false;
    if (!isRight)
      node.fail(std::string("its ") + what + " must be a single element");
    return info.contents ? std::optional(info.contents->front()) : std::nullopt;
  };
  auto isOf = [](Value value, unsigned width) {
    return !value || getElementTypeOrSelf(value.getType()).isInteger(width);
  };
  Value trip = node.operand(0), condition = node.operand(1);
  std::optional<Expr> count = single(trip, "trip count", isOf(trip, 64)),
                      first =
                          single(condition, "condition", isOf(condition, 1));
  if (!condition)
    first = Expr(1);
  LoopBody loop = importLoopBody(node, body);
  auto goesOn = knownInts(loop.yield()->getOperand(0));
  bool always = first && first->isConstant(1) && goesOn &&
                goesOn->size() == 1 && goesOn->front() != 0;
  if (first && first->isConstant(0))
    count = Expr(0); // no iteration at all
  else if (!always)
    return loopAtRuntime(node, loop, condition);
  if (!trip && !count)
    node.fail("nothing ends it: it has no trip count, and its condition always "
              "holds");
  std::optional<int64_t> known = count ? count->constant() : std::nullopt;
  if (known)
    known = std::max<int64_t>(*known, 0);
  bool overPositions = count && known != 0 && scanPositions(node, loop, *count);
  bool unrolls = known && !overPositions && *known <= mostIterations &&
                 *known * countNodes(body) <= mostNodes &&
                 (*known > 0 || loop.scanOutputs() == 0);
  if (unrolls) {
    discard(loop);
    return unrollLoop(node, body, *known);
  }
  if (!count)
    return loopAtRuntime(node, loop, condition);
  loopAsScan(node, loop);
}

/// The iterations one after the other.
void GraphImporter::unrollLoop(const CheckedNode &node,
                               const pb::GraphProto &body, int64_t count) {
  SmallVector<Value> carried(ArrayRef(node.operands).drop_front(2));
  size_t stacked = node.proto.output_size() - carried.size();
  std::vector<std::vector<Value>> slices(stacked);
  Value axis = stacked ? intConstant({0}, node.location) : Value();
  for (int64_t i = 0; i < count; ++i) {
    Scope inner;
    std::string what = node.title + ": the body's input";
    bind(inner, body.input(0).name(),
         intConstant({i}, node.location, /*scalar=*/true), what);
    bind(inner, body.input(1).name(),
         constant(DenseElementsAttr::get(
                      RankedTensorType::get({}, builder.getI1Type()), true),
                  node.location),
         what);
    for (auto [index, value] : llvm::enumerate(carried))
      bind(inner, body.input(static_cast<int>(index) + 2).name(), value, what);
    SmallVector<Value> values = importGraph(node, body, inner);
    carried.assign(values.begin() + 1, values.begin() + 1 + carried.size());
    for (size_t k = 0; k < stacked; ++k)
      slices[k].push_back(emit("Unsqueeze",
                               {values[1 + carried.size() + k], axis}, {}, 1,
                               node.location)
                              ->getResult(0));
  }
  for (const std::vector<Value> &parts : slices) {
    NamedAttrList attributes;
    attributes.set("axis", builder.getI64IntegerAttr(0));
    carried.push_back(
        emit("Concat", parts, attributes, 1, node.location)->getResult(0));
  }
  for (auto [output, value] : llvm::zip_equal(node.proto.output(), carried))
    bind(node.scope, output, value, node.title);
}

/// What the body takes by Gather at the iteration's number, from a value of as
/// many slices as there are iterations, becomes an input that is scanned. Of
/// weights only where the loop does not read the like of the model's inputs:
/// a loop over layers is none over positions.
bool GraphImporter::scanPositions(const CheckedNode &, LoopBody &loop,
                                  const Expr &count) {
  SmallVector<std::pair<Operation *, int64_t>> gathers;
  bool readsInputs = false;
  for (Operation *user : loop.number().getUsers()) {
    Value data = user->getOperand(0);
    if (user->getName().getStringRef() != "onnx.Gather" ||
        user->getBlock() != &loop.block() ||
        data.getParentRegion() == loop.region.get())
      continue;
    ValueInfo info = shapes.lookup(data);
    auto attribute = user->getAttrOfType<IntegerAttr>("axis");
    int64_t axis = attribute ? attribute.getInt() : 0;
    axis += axis < 0 ? info.rank() : 0;
    if (!shapes.context().proveEqual(info.shape[axis], count))
      continue;
    gathers.emplace_back(user, axis);
    readsInputs |=
        !data.getDefiningOp() || data.getDefiningOp()->getNumOperands() != 0;
  }
  if (!readsInputs)
    return false;
  for (auto [gather, axis] : gathers) {
    Value data = gather->getOperand(0), result = gather->getResult(0);
    Value slice;
    for (auto [known, at, argument] :
         llvm::zip(loop.scanned, loop.axes,
                   loop.block().getArguments().drop_front(2 + loop.carried)))
      if (known == data && at == axis)
        slice = argument;
    if (!slice) {
      slice = loop.block().addArgument(result.getType(), gather->getLoc());
      shapes.set(slice, shapes.lookup(result));
      loop.scanned.push_back(data);
      loop.axes.push_back(axis);
    }
    result.replaceAllUsesWith(slice);
    shapes.forget(result);
    gather->erase();
  }
  return true;
}

/// The one element of a tensor.
Value GraphImporter::scalarOf(const CheckedNode &node, Value value) {
  return cast<RankedTensorType>(value.getType()).getRank() == 0
             ? value
             : emit("Squeeze", {value, Value()}, {}, 1, node.location)
                   ->getResult(0);
}

void GraphImporter::loopAsScan(const CheckedNode &node, LoopBody &loop) {
  Value trip = node.operand(0);
  if (loop.scanned.empty() || !loop.number().use_empty()) {
    // The numbers of the iterations are scanned as well.
    auto known = knownInts(node.operand(1) ? node.operand(1) : Value());
    bool never = known && known->front() == 0;
    Value zero = intConstant({0}, node.location, /*scalar=*/true),
          one = intConstant({1}, node.location, /*scalar=*/true);
    Value limit = never ? zero : scalarOf(node, trip);
    loop.scanned.push_back(
        emit("Range", {zero, limit, one}, {}, 1, node.location)->getResult(0));
    loop.axes.push_back(0);
    Value argument =
        loop.block().addArgument(loop.number().getType(), node.location);
    shapes.set(argument, shapes.lookup(loop.number()));
    loop.number().replaceAllUsesWith(argument);
  }
  if (!loop.block().getArgument(1).use_empty()) {
    Value holds =
        constant(DenseElementsAttr::get(
                     RankedTensorType::get({}, builder.getI1Type()), true),
                 node.location);
    loop.block().getArgument(1).replaceAllUsesWith(holds);
  }
  for (BlockArgument argument : loop.block().getArguments().take_front(2))
    shapes.forget(argument);
  loop.yield()->eraseOperand(0);
  size_t stacked = loop.yield()->getNumOperands() - loop.carried;
  loop.block().eraseArguments(0, 2);

  OperationState state(node.location, "onnx.Scan");
  state.addOperands(ArrayRef(node.operands).drop_front(2));
  state.addOperands(loop.scanned);
  state.addAttribute(
      "num_scan_inputs",
      builder.getI64IntegerAttr(static_cast<int64_t>(loop.scanned.size())));
  auto addList = [&](StringRef name, ArrayRef<int64_t> values) {
    state.addAttribute(name, builder.getDenseI64ArrayAttr(values));
  };
  SmallVector<int64_t> forward(loop.scanned.size(), 0), outputs(stacked, 0);
  addList("scan_input_axes", loop.axes);
  addList("scan_input_directions", forward);
  addList("scan_output_axes", outputs);
  addList("scan_output_directions", outputs);
  size_t results = loop.yield()->getNumOperands();
  state.addRegion(std::move(loop.region));
  finishRegionOp(node, state, results);
}

void GraphImporter::loopAtRuntime(const CheckedNode &node, LoopBody &loop,
                                  Value condition) {
  if (size_t stacked = loop.scanOutputs())
    node.fail("its last " + std::to_string(stacked) +
              " outputs have a slice of each iteration, and the number of "
              "iterations only follows when the model runs; only carried "
              "values are supported there");
  if (loop.carried == 0)
    node.fail("it carries nothing, so that it gives nothing");
  auto given = [&](Value value, int64_t otherwise, Type type) {
    return value ? scalarOf(node, value)
                 : constant(DenseElementsAttr::get(
                                RankedTensorType::get({}, type),
                                builder.getIntegerAttr(type, otherwise)),
                            node.location);
  };
  Value trip = given(node.operand(0), std::numeric_limits<int64_t>::max(),
                     builder.getI64Type());
  condition = given(condition, 1, builder.getI1Type());
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(loop.yield());
    loop.yield()->setOperand(0, scalarOf(node, loop.yield()->getOperand(0)));
  }
  OperationState state(node.location, "onnx.Loop");
  state.addOperands({trip, condition});
  state.addOperands(ArrayRef(node.operands).drop_front(2));
  state.addRegion(std::move(loop.region));
  finishRegionOp(node, state, loop.carried);
}

} // namespace jarana::onnx
