// Operators with graphs in them: If becomes the branch that is taken, where
// that is known, and otherwise has regions, as Scan has.
#include "lib/onnx/Importer.h"

namespace jarana::onnx {

using namespace mlir;

SmallVector<Value> GraphImporter::importGraph(const CheckedNode &node,
                                              const pb::GraphProto &graph,
                                              Scope &inner) {
  inner.outer = &node.scope;
  inner.frame = node.scope.frame;
  for (const pb::ValueInfoProto &output : graph.output())
    inner.outputs.push_back(output.name());
  addInitializers(graph, inner);
  importNodes(graph.node(), inner);
  SmallVector<Value> values;
  for (const pb::ValueInfoProto &output : graph.output())
    values.push_back(lookup(inner, output.name(),
                            node.title + ": the output of its graph '" +
                                graph.name() + "'"));
  return values;
}

void GraphImporter::importIf(const CheckedNode &node) {
  for (StringRef name : {"then_branch", "else_branch"})
    if (int outputs = node.attribute(name)->g().output_size();
        outputs != node.proto.output_size())
      node.fail("its " + name.str() + " has " + std::to_string(outputs) +
                " outputs, the node " +
                std::to_string(node.proto.output_size()));
  auto known = knownInts(node.operands[0]);
  if (!known || known->size() != 1)
    return importRuntimeIf(node);
  Scope inner;
  SmallVector<Value> values = importGraph(
      node, node.attribute(known->front() ? "then_branch" : "else_branch")->g(),
      inner);
  for (auto [output, value] : llvm::zip_equal(node.proto.output(), values))
    bind(node.scope, output, value, node.title);
}

/// " (fix ...)" where the value is an input of the model.
static std::string howToFix(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  auto function =
      argument ? dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp())
               : func::FuncOp();
  auto name = function ? function.getArgAttrOfType<StringAttr>(
                             argument.getArgNumber(), "onnx.name")
                       : StringAttr();
  return name ? "; the condition is the input '" + name.str() +
                    "', which can be fixed: --bind=" + name.str() +
                    "=true or --bind=" + name.str() + "=false"
              : "";
}

std::unique_ptr<Region> GraphImporter::importBranch(const CheckedNode &node,
                                                    StringRef name) {
  OpBuilder::InsertionGuard guard(builder);
  auto region = std::make_unique<Region>();
  builder.createBlock(region.get());
  Assumptions before(shapes.context());
  Scope inner;
  SmallVector<Value> values =
      importGraph(node, node.attribute(name)->g(), inner);
  if (std::string more = before.since(shapes.context()); !more.empty())
    node.fail("its " + name.str() +
              " needs what may not hold where the other branch is taken: " +
              more + howToFix(node.operands[0]));
  mlir::onnx::YieldOp::create(builder, node.location, values);
  return region;
}

void GraphImporter::importRuntimeIf(const CheckedNode &node) {
  ValueInfo condition = shapes.lookup(node.operands[0]);
  if (!condition.elementType.isInteger(1) ||
      llvm::any_of(condition.shape,
                   [](const auto &dim) { return !dim.isConstant(1); }))
    node.fail("its condition must be a single boolean");
  OperationState state(node.location, "onnx.If");
  state.addOperands(node.operands);
  state.addRegion(importBranch(node, "then_branch"));
  state.addRegion(importBranch(node, "else_branch"));
  // What the shape rule says of sizes that differ, with a way out.
  if (std::string fix = howToFix(node.operands[0]); !fix.empty())
    for (auto [then, otherwise] :
         llvm::zip(state.regions[0]->front().back().getOperands(),
                   state.regions[1]->front().back().getOperands())) {
      ValueInfo a = shapes.lookup(then), b = shapes.lookup(otherwise);
      for (auto [first, second] : llvm::zip(a.shape, b.shape))
        if (!shapes.context().proveEqual(first, second))
          node.fail("its branches give tensors of different sizes (" +
                    shapes.context().print(first) + " and " +
                    shapes.context().print(second) + ")" + fix);
    }
  finishRegionOp(node, state, node.proto.output_size());
}

void GraphImporter::finishRegionOp(const CheckedNode &node,
                                   OperationState &state, size_t results) {
  state.types.assign(results, builder.getNoneType());
  Operation *op = builder.create(state);
  if (failed(shapes.infer(op)))
    throw Diagnosed();
  for (auto [output, value] : llvm::zip(node.proto.output(), op->getResults()))
    bind(node.scope, output, value, node.title);
}

/// A list of one entry per scan input or output, absent means `count` zeros.
static SmallVector<int64_t> listAttribute(const CheckedNode &node,
                                          StringRef name, int64_t count) {
  const pb::AttributeProto *attribute = node.attribute(name);
  if (!attribute)
    return SmallVector<int64_t>(count, 0);
  if (attribute->ints_size() != count)
    node.fail("attribute '" + name.str() + "' has " +
              std::to_string(attribute->ints_size()) + " entries; " +
              std::to_string(count) + " are needed");
  return llvm::to_vector(attribute->ints());
}

void GraphImporter::importScan(const CheckedNode &node) {
  const pb::GraphProto &body = node.attribute("body")->g();
  int64_t operands = static_cast<int64_t>(node.operands.size());
  int64_t scanInputs = node.intAttribute("num_scan_inputs", 0);
  if (scanInputs < 1 || scanInputs > operands)
    node.fail("num_scan_inputs is " + std::to_string(scanInputs) + " with " +
              std::to_string(operands) + " inputs");
  int64_t states = operands - scanInputs;
  if (body.input_size() != operands)
    node.fail("its body has " + std::to_string(body.input_size()) +
              " inputs, the node " + std::to_string(operands));
  if (body.output_size() != node.proto.output_size() ||
      body.output_size() < states)
    node.fail("its body has " + std::to_string(body.output_size()) +
              " outputs, the node " + std::to_string(node.proto.output_size()) +
              ", with " + std::to_string(states) + " states");
  SmallVector<int64_t> axes =
      listAttribute(node, "scan_input_axes", scanInputs);

  OpBuilder::InsertPoint outside = builder.saveInsertionPoint();
  auto region = std::make_unique<Region>();
  Block *block = builder.createBlock(region.get());
  Scope inner;
  inner.outer = &node.scope;
  inner.frame = node.scope.frame;
  for (const pb::ValueInfoProto &output : body.output())
    inner.outputs.push_back(output.name());
  addInitializers(body, inner);
  for (int64_t i = 0; i < operands; ++i) {
    ValueInfo info = shapes.lookup(node.operands[i]);
    if (i >= states) {
      int64_t axis = axes[i - states] < 0 ? axes[i - states] + info.rank()
                                          : axes[i - states];
      if (axis < 0 || axis >= info.rank())
        node.fail("scan_input_axes has " + std::to_string(axes[i - states]) +
                  " for an input of rank " + std::to_string(info.rank()));
      info.shape.erase(info.shape.begin() + axis);
      info.contents.reset();
    }
    // A state's elements change from step to step.
    info.contents.reset();
    Value argument = block->addArgument(typeOf(info), node.location);
    shapes.set(argument, info);
    bind(inner, body.input(static_cast<int>(i)).name(), argument,
         node.title + ": the body's input");
  }
  importNodes(body.node(), inner);
  SmallVector<Value> yielded;
  for (const pb::ValueInfoProto &output : body.output())
    yielded.push_back(
        lookup(inner, output.name(), node.title + ": the body's output"));
  mlir::onnx::YieldOp::create(builder, node.location, yielded);
  builder.restoreInsertionPoint(outside);

  int64_t scanOutputs = body.output_size() - states;
  OperationState state(node.location, "onnx.Scan");
  state.addOperands(node.operands);
  state.addAttribute("num_scan_inputs", builder.getI64IntegerAttr(scanInputs));
  auto addList = [&](StringRef name, ArrayRef<int64_t> values) {
    state.addAttribute(name, builder.getDenseI64ArrayAttr(values));
  };
  addList("scan_input_axes", axes);
  addList("scan_input_directions",
          listAttribute(node, "scan_input_directions", scanInputs));
  addList("scan_output_axes",
          listAttribute(node, "scan_output_axes", scanOutputs));
  addList("scan_output_directions",
          listAttribute(node, "scan_output_directions", scanOutputs));
  state.types.assign(body.output_size(), builder.getNoneType());
  state.addRegion(std::move(region));
  Operation *op = builder.create(state);
  if (failed(shapes.infer(op)))
    throw Diagnosed();
  bindOutputs(node, op->getResults());
}

} // namespace jarana::onnx
