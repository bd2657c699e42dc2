// cpu-entry-points: the tensor function takes the buffers of the ABI.
#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"
#include "passes/cpu/PlanFunction.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_ENTRYPOINTSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

MemRefType bufferOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return MemRefType::get(tensor.getShape(), tensor.getElementType());
}

int64_t storedBytes(RankedTensorType type) {
  return type.getNumElements() *
         std::max<int64_t>(1, type.getElementTypeBitWidth() / 8);
}

struct EntryPoints : impl::EntryPointsPassBase<EntryPoints> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    placeWeights(module);
    SmallVector<func::FuncOp> entries;
    for (auto function : module.getOps<func::FuncOp>())
      if (function.isPublic() && !function.isDeclaration() &&
          !isEntry(function))
        entries.push_back(function);
    for (func::FuncOp entry : entries) {
      numberChecks(entry);
      auto run = [&](OpPassManager &pm, Operation *op) {
        return runPipeline(pm, op);
      };
      if (failed(makePlanFunction(entry, run)) || failed(rewrite(entry)))
        return signalPassFailure();
    }
    OpBuilder builder(module);
    module->setAttr(checksAttr, builder.getStrArrayAttr(messages));
  }

  /// Weights that are loaded lie one after the other.
  void placeWeights(ModuleOp module) {
    llvm::StringSet<> loaded;
    module.walk(
        [&](hybrid::LoadWeightOp load) { loaded.insert(load.getWeight()); });
    int64_t offset = 0;
    Builder builder(module.getContext());
    for (auto weight : module.getOps<hybrid::WeightOp>()) {
      if (!loaded.contains(weight.getSymName()) || weight->hasAttr(offsetAttr))
        continue;
      weight->setAttr(offsetAttr, builder.getI64IntegerAttr(offset));
      offset = llvm::alignTo(offset + storedBytes(weight.getTensorType()),
                             alignment);
    }
  }

  void numberChecks(func::FuncOp entry) {
    Builder builder(entry.getContext());
    entry.walk([&](hybrid::CheckOp check) {
      auto *it = llvm::find(messages, check.getMessage());
      size_t index = it - messages.begin();
      if (it == messages.end())
        messages.push_back(check.getMessage());
      check->setAttr(codeAttr,
                     builder.getI32IntegerAttr(-static_cast<int>(index) - 1));
    });
  }

  LogicalResult rewrite(func::FuncOp entry) {
    if (!entry.getBody().hasOneBlock())
      return entry.emitError("an entry function with branches");
    Block &block = entry.getBody().front();
    Operation *terminator = block.getTerminator();
    OpBuilder builder(entry.getContext());
    Location loc = entry.getLoc();
    auto bytes = MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
    unsigned inputs = entry.getNumArguments();
    SmallVector<DictionaryAttr> attributes;
    for (unsigned i = 0; i < inputs; ++i)
      attributes.push_back(entry.getArgAttrDict(i));
    for (unsigned i = 0; i < entry.getNumResults(); ++i)
      attributes.push_back(entry.getResultAttrDict(i));
    attributes.append(2, builder.getDictionaryAttr({}));

    builder.setInsertionPointToStart(&block);
    for (BlockArgument argument : block.getArguments()) {
      auto type = cast<RankedTensorType>(argument.getType());
      argument.setType(bufferOf(type));
      auto tensor =
          bufferization::ToTensorOp::create(builder, loc, type, argument,
                                            /*restrict=*/true);
      argument.replaceAllUsesExcept(tensor, tensor);
      copyBeforeUpdate(builder, tensor);
    }
    builder.setInsertionPoint(terminator);
    for (Value result : llvm::to_vector(terminator->getOperands())) {
      Value output = block.addArgument(bufferOf(result.getType()), loc);
      bufferization::MaterializeInDestinationOp::create(
          builder, result.getLoc(), Type(), result, output, /*restrict=*/true,
          /*writable=*/true);
    }
    Value weights = block.addArgument(bytes, loc);
    block.addArgument(bytes, loc); // the arena
    Value code =
        arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(0));
    terminator->setOperands(code);

    entry.setType(builder.getFunctionType(block.getArgumentTypes(),
                                          builder.getI32Type()));
    entry.setResAttrsAttr({});
    entry.setAllArgAttrs(attributes);
    entry->setAttr(inputsAttr, builder.getI64IntegerAttr(inputs));
    entry->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                   builder.getUnitAttr());
    viewWeights(entry, weights);
    return success();
  }

  /// An op that updates an input in place works on a copy, which then is the
  /// output where the result is one.
  void copyBeforeUpdate(OpBuilder &builder, Value tensor) {
    for (OpOperand &use : llvm::make_early_inc_range(tensor.getUses())) {
      auto op = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
      if (!op || !op.isDpsInit(&use))
        continue;
      if (auto linalgOp = dyn_cast<linalg::LinalgOp>(use.getOwner()))
        if (!linalgOp.payloadUsesValueFromOperand(&use))
          continue;
      OpBuilder at(op);
      auto type = cast<RankedTensorType>(tensor.getType());
      Value empty = tensor::EmptyOp::create(
          at, op.getLoc(), tensor::getMixedSizes(at, op.getLoc(), tensor),
          type.getElementType());
      use.set(
          linalg::CopyOp::create(at, op.getLoc(), tensor, empty).getResult(0));
    }
  }

  void viewWeights(func::FuncOp entry, Value weights) {
    SymbolTable symbols(getOperation());
    entry.walk([&](hybrid::LoadWeightOp load) {
      auto weight = symbols.lookup<hybrid::WeightOp>(load.getWeight());
      OpBuilder builder(load);
      Location loc = load.getLoc();
      int64_t offset = weight->getAttrOfType<IntegerAttr>(offsetAttr).getInt();
      Value position = arith::ConstantIndexOp::create(builder, loc, offset);
      Value view =
          memref::ViewOp::create(builder, loc, bufferOf(load.getType()),
                                 weights, position, ValueRange());
      auto tensor =
          bufferization::ToTensorOp::create(builder, loc, load.getType(), view,
                                            /*restrict=*/true);
      load.replaceAllUsesWith(tensor.getResult());
      load.erase();
    });
  }

  SmallVector<StringRef> messages;
};
} // namespace
} // namespace jarana::cpu
