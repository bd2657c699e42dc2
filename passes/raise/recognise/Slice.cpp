#include "passes/raise/recognise/Slice.h"

#include "dialects/hybrid/Hybrid.h"
#include "dialects/onnx/OnnxDialect.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace jarana::raise::recognise {
namespace {

/// No operator is taken apart into more.
constexpr size_t mostOps = 2000;

class Slicer {
public:
  Slicer(Graph &graph, ValueRange inputs) : graph(graph) {
    for (Value input : inputs)
      known.insert(input);
  }

  /// Collects the ops that `outputs` depend on. False where there are too many.
  bool collect(ValueRange outputs) {
    if (!llvm::all_of(outputs, [&](Value value) { return visit(value); }))
      return false;
    order = canonical;
    llvm::sort(order, [](Operation *a, Operation *b) {
      return a->isBeforeInBlock(b);
    });
    return true;
  }

  /// What an op reads of its block, its regions included.
  static void forEachOperand(Operation *op, function_ref<void(Value)> visit) {
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (operand.getParentBlock() == op->getBlock())
          visit(operand);
    });
  }

  SmallVector<Value> further;
  SmallVector<Operation *> order; ///< as in the block
  /// Operands first, from the outputs: the same for equal cuts, wherever their
  /// ops stand in the block.
  SmallVector<Operation *> canonical;

private:
  bool visit(Value value) {
    if (!known.insert(value).second)
      return true;
    Operation *op = value.getDefiningOp();
    if (!op || isShapeArithmetic(value)) {
      further.push_back(value);
      return true;
    }
    if (!ops.insert(op).second)
      return true;
    if (ops.size() > mostOps)
      return false;
    // The longest way first: what it passes is no longer needed when the others
    // are computed, and large values do not wait for it.
    SmallVector<std::tuple<size_t, size_t, Value>> operands;
    forEachOperand(op, [&](Value operand) {
      operands.emplace_back(depthOf(operand), operands.size(), operand);
    });
    llvm::sort(operands, [](const auto &a, const auto &b) {
      return std::get<0>(a) != std::get<0>(b) ? std::get<0>(a) > std::get<0>(b)
                                              : std::get<1>(a) < std::get<1>(b);
    });
    if (!llvm::all_of(operands, [&](const auto &operand) {
          return visit(std::get<2>(operand));
        }))
      return false;
    canonical.push_back(op);
    return true;
  }

  /// The number of ops on the longest way up to what is given.
  size_t depthOf(Value value) {
    Operation *op = value.getDefiningOp();
    if (!op || known.contains(value) || isShapeArithmetic(value))
      return 0;
    auto [entry, isNew] = depths.try_emplace(op, 0);
    if (!isNew)
      return entry->second;
    size_t deepest = 0;
    forEachOperand(op, [&](Value operand) {
      deepest = std::max(deepest, depthOf(operand));
    });
    return depths[op] = deepest + 1;
  }

  /// Its elements are expressions over the dimensions of the arguments.
  bool isShapeArithmetic(Value value) {
    return !isa<NoneType>(value.getType()) &&
           !isa<::mlir::onnx::ConstantOp>(value.getDefiningOp()) &&
           graph.shapes[value].contents.has_value();
  }

  Graph &graph;
  llvm::DenseSet<Value> known;
  llvm::DenseSet<Operation *> ops;
  llvm::DenseMap<Operation *, size_t> depths;
};

/// The weights that the ops load, into `module`.
void cloneWeights(ArrayRef<Operation *> ops, Graph &graph, ModuleOp module) {
  SymbolTable from(graph.function->getParentOfType<ModuleOp>()), to(module);
  for (Operation *op : ops)
    op->walk([&](hybrid::LoadWeightOp load) {
      StringRef name = load.getWeight();
      Operation *weight = from.lookup(name);
      if (weight && !to.lookup(name))
        to.insert(weight->clone());
    });
}

} // namespace

OwningOpRef<ModuleOp> moduleForSlices(func::FuncOp function) {
  Operation *around = function->getParentOp();
  OwningOpRef<ModuleOp> module = ModuleOp::create(around->getLoc());
  if (Attribute folder = around->getAttr(hybrid::kModelDirAttr))
    (*module)->setAttr(hybrid::kModelDirAttr, folder);
  return module;
}

Sliced sliceBetween(Graph &graph, ValueRange inputs, ValueRange outputs,
                    StringRef name, ModuleOp module) {
  Sliced sliced;
  Slicer slicer(graph, inputs);
  if (!slicer.collect(outputs)) {
    sliced.reason = "it depends on more than its inputs";
    return sliced;
  }
  sliced.further = slicer.further;
  sliced.ops = slicer.order;
  llvm::DenseSet<Value> varying(inputs.begin(), inputs.end());
  for (Operation *op : sliced.ops) {
    bool varies = false;
    Slicer::forEachOperand(
        op, [&](Value operand) { varies |= varying.contains(operand); });
    if (!varies)
      continue;
    sliced.varying.push_back(op);
    varying.insert(op->result_begin(), op->result_end());
  }

  OpBuilder b(module.getContext());
  b.setInsertionPointToEnd(module.getBody());
  SmallVector<Type> types(inputs.getTypes());
  for (Value value : sliced.further)
    types.push_back(value.getType());
  sliced.function =
      func::FuncOp::create(b, graph.function.getLoc(), name,
                           b.getFunctionType(types, outputs.getTypes()));
  sliced.function.setPrivate();
  Block *entry = sliced.function.addEntryBlock();
  IRMapping mapping;
  mapping.map(inputs, entry->getArguments().take_front(inputs.size()));
  mapping.map(ValueRange(sliced.further),
              entry->getArguments().drop_front(inputs.size()));
  b.setInsertionPointToEnd(entry);
  // Where an op was recognised makes no difference: layers are alike.
  for (Operation *op : slicer.canonical)
    b.clone(*op, mapping)->removeAttr("onnx.recognised");
  SmallVector<Value> results;
  for (Value output : outputs)
    results.push_back(mapping.lookup(output));
  func::ReturnOp::create(b, graph.function.getLoc(), results);
  cloneWeights(sliced.ops, graph, module);
  return sliced;
}

} // namespace jarana::raise::recognise
