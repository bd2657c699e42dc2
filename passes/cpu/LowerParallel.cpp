// cpu-lower-parallel: parallel regions become functions that the runtime calls.
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"
#include "passes/cpu/kernels/Threads.h"

#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_LOWERPARALLELPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// Stands for the context of the function in which it is called, until all
/// functions are there.
constexpr StringLiteral contextName = "jarana.context";

/// The constants that a region uses move into it.
void copyConstants(omp::ParallelOp region) {
  llvm::SetVector<Value> used;
  getUsedValuesDefinedAbove(region.getRegion(), used);
  OpBuilder builder = OpBuilder::atBlockBegin(&region.getRegion().front());
  for (Value value : used) {
    Operation *op = value.getDefiningOp();
    bool isConstant = op && op->getNumOperands() == 0 &&
                      op->getNumRegions() == 0 &&
                      isa<LLVM::ConstantOp, LLVM::ZeroOp, LLVM::UndefOp,
                          LLVM::PoisonOp, LLVM::AddressOfOp>(op);
    if (isConstant)
      replaceAllUsesInRegionWith(value, builder.clone(*op)->getResult(0),
                                 region.getRegion());
  }
}

struct LowerParallel : impl::LowerParallelPassBase<LowerParallel> {
  using LowerParallelPassBase::LowerParallelPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    pointer = LLVM::LLVMPointerType::get(&getContext());
    SmallVector<omp::ParallelOp> regions; // inner ones first
    module.walk([&](omp::ParallelOp region) { regions.push_back(region); });
    for (omp::ParallelOp region : regions)
      if (failed(outline(region)))
        return signalPassFailure();
    answer(module, 0, 1); // outside of regions
    if (failed(placeScratch()))
      return signalPassFailure();
    passContexts();
    for (StringRef name : {StringRef(threadNumberName),
                           StringRef(threadCountName), StringRef(contextName)})
      if (auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
        function.erase();
  }

  // Regions

  LogicalResult outline(omp::ParallelOp region) {
    unsigned clauses = region->getNumOperands() - (region.getIfExpr() ? 1 : 0);
    if (clauses || region.getProcBindKind())
      return region.emitError("a parallel region may have no clause but 'if'");
    WalkResult other = region.walk([&](Operation *op) {
      if (op == region || !isa<omp::OpenMPDialect>(op->getDialect()) ||
          isa<omp::TerminatorOp>(op))
        return WalkResult::advance();
      op->emitError("is not supported in a parallel region");
      return WalkResult::interrupt();
    });
    if (other.wasInterrupted())
      return failure();

    copyConstants(region);
    llvm::SetVector<Value> used;
    getUsedValuesDefinedAbove(region.getRegion(), used);
    SmallVector<Type> types = llvm::map_to_vector(
        used.getArrayRef(), [](Value value) { return value.getType(); });
    auto record = LLVM::LLVMStructType::getLiteral(&getContext(), types);
    Location loc = region.getLoc();

    // What the region uses goes into a record on the stack.
    OpBuilder builder(region);
    Value data;
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(&region->getParentRegion()->front());
      Value one = LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                           builder.getI64IntegerAttr(1));
      data = LLVM::AllocaOp::create(builder, loc, pointer, record, one);
    }
    auto field = [&](Value base, size_t index) -> Value {
      return LLVM::GEPOp::create(
          builder, loc, pointer, record, base,
          ArrayRef<LLVM::GEPArg>{0, static_cast<int32_t>(index)});
    };
    for (auto [index, value] : llvm::enumerate(used))
      LLVM::StoreOp::create(builder, loc, value, field(data, index));

    LLVM::LLVMFuncOp body = makeBody(region);
    builder.setInsertionPointToStart(&body.getBody().front());
    for (auto [index, value] : llvm::enumerate(used)) {
      Value loaded = LLVM::LoadOp::create(builder, loc, types[index],
                                          field(body.getArgument(1), index));
      replaceAllUsesInRegionWith(value, loaded, body.getBody());
    }
    call(region, body, data);
    return success();
  }

  /// The region as a function of its own, `(context, data, part, parts)`.
  LLVM::LLVMFuncOp makeBody(omp::ParallelOp region) {
    auto parent = region->getParentOfType<LLVM::LLVMFuncOp>();
    OpBuilder builder(parent);
    Type number = builder.getI64Type();
    auto type =
        LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(&getContext()),
                                    {pointer, pointer, number, number});
    std::string name;
    for (unsigned i = 0; name.empty() || getOperation().lookupSymbol(name); ++i)
      name = (parent.getName() + "_part_" + Twine(i)).str();
    auto body = LLVM::LLVMFuncOp::create(builder, region.getLoc(), name, type);
    body.setLinkage(LLVM::Linkage::Internal);
    // One copy of the code serves one thread and many.
    body.setPassthroughAttr(builder.getStrArrayAttr({"noinline"}));
    body.getBody().takeBody(region.getRegion());
    for (Type argument : type.getParams())
      body.getBody().front().addArgument(argument, region.getLoc());
    for (Block &block : body.getBody())
      if (auto end = dyn_cast<omp::TerminatorOp>(block.getTerminator())) {
        builder.setInsertionPoint(end);
        LLVM::ReturnOp::create(builder, end.getLoc(), ValueRange());
        end.erase();
      }
    bodies.insert(body);
    answer(body, body.getArgument(2), body.getArgument(3));
    return body;
  }

  /// Where the condition holds, through the runtime; otherwise as one part.
  void call(omp::ParallelOp region, LLVM::LLVMFuncOp body, Value data) {
    OpBuilder builder(region);
    Location loc = region.getLoc();
    Value condition = region.getIfExpr();
    Block *before = region->getBlock();
    Block *after = before->splitBlock(region->getNextNode());
    region.erase();
    auto addBlock = [&] {
      Block *block = new Block;
      block->insertBefore(after);
      return block;
    };
    Block *team = before;
    if (condition) {
      team = addBlock();
      Block *alone = addBlock();
      builder.setInsertionPointToEnd(before);
      LLVM::CondBrOp::create(builder, loc, condition, team, alone);
      builder.setInsertionPointToEnd(alone);
      auto constant = [&](int64_t value) -> Value {
        return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                                        builder.getI64IntegerAttr(value));
      };
      LLVM::CallOp::create(
          builder, loc, body,
          ValueRange{context(builder, loc), data, constant(0), constant(1)});
      LLVM::BrOp::create(builder, loc, after);
    }
    builder.setInsertionPointToEnd(team);
    Value own = context(builder, loc);
    Value entry = LLVM::LoadOp::create(builder, loc, pointer, own);
    Value address = LLVM::AddressOfOp::create(builder, loc, body);
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(&getContext()), {pointer, pointer, pointer});
    LLVM::CallOp::create(builder, loc, type,
                         ValueRange{entry, own, address, data});
    LLVM::BrOp::create(builder, loc, after);
  }

  /// Replaces the questions of Threads.h below `root`.
  template <class Number>
  void answer(Operation *root, Number number, Number count) {
    SmallVector<LLVM::CallOp> questions;
    root->walk([&](LLVM::CallOp call) {
      auto callee = call.getCallee();
      if (callee == threadNumberName || callee == threadCountName)
        questions.push_back(call);
    });
    for (LLVM::CallOp question : questions) {
      OpBuilder builder(question);
      Number wide =
          question.getCallee() == StringRef(threadNumberName) ? number : count;
      Value result;
      if constexpr (std::is_same_v<Number, int>)
        result = LLVM::ConstantOp::create(builder, question.getLoc(),
                                          builder.getI32Type(),
                                          builder.getI32IntegerAttr(wide));
      else
        result = LLVM::TruncOp::create(builder, question.getLoc(),
                                       builder.getI32Type(), wide);
      question.getResult().replaceAllUsesWith(result);
      question.erase();
    }
  }

  // Scratch memory

  /// Buffers that are too large for the stack get a place in the scratch memory
  /// of the part. A function's lie above all of those that it calls.
  LogicalResult placeScratch() {
    uint64_t most = 0;
    for (auto function :
         llvm::to_vector(getOperation().getOps<LLVM::LLVMFuncOp>())) {
      FailureOr<uint64_t> need = scratchOf(function);
      if (failed(need))
        return failure();
      most = std::max(most, *need);
    }
    if (most > 0)
      getOperation()->setAttr(scratchAttr,
                              Builder(&getContext()).getI64IntegerAttr(most));
    return success();
  }

  FailureOr<uint64_t> scratchOf(LLVM::LLVMFuncOp function) {
    if (function.isExternal())
      return 0;
    auto [known, isNew] = scratch.try_emplace(function, std::nullopt);
    if (!isNew) {
      if (known->second)
        return *known->second;
      return function.emitError("calls itself");
    }
    uint64_t end = 0;
    WalkResult result = function.walk([&](Operation *op) {
      StringRef name;
      if (auto call = dyn_cast<LLVM::CallOp>(op))
        name = call.getCallee().value_or("");
      else if (auto address = dyn_cast<LLVM::AddressOfOp>(op))
        name = address.getGlobalName();
      auto callee = getOperation().lookupSymbol<LLVM::LLVMFuncOp>(name);
      if (!callee)
        return WalkResult::advance();
      FailureOr<uint64_t> need = scratchOf(callee);
      if (failed(need))
        return WalkResult::interrupt();
      end = std::max(end, *need);
      return WalkResult::advance();
    });
    if (result.wasInterrupted() || failed(moveLargeBuffers(function, end)))
      return failure();
    scratch[function] = end;
    return end;
  }

  LogicalResult moveLargeBuffers(LLVM::LLVMFuncOp function, uint64_t &end) {
    struct Buffer {
      LLVM::AllocaOp op;
      uint64_t bytes;
    };
    SmallVector<Buffer> buffers;
    DataLayout layout = DataLayout::closest(function);
    WalkResult result = function.walk([&](LLVM::AllocaOp op) {
      IntegerAttr count;
      if (!matchPattern(op.getArraySize(), m_Constant(&count))) {
        op.emitError("a buffer on the stack, of a size that is not known");
        return WalkResult::interrupt();
      }
      uint64_t each = layout.getTypeSize(op.getElemType()).getFixedValue();
      buffers.push_back({op, each * count.getValue().getZExtValue()});
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return failure();
    std::stable_sort(
        buffers.begin(), buffers.end(),
        [](const Buffer &a, const Buffer &b) { return a.bytes < b.bytes; });
    uint64_t onStack = 0;
    Block *front = &function.getBody().front();
    for (Buffer &buffer : buffers) {
      onStack += llvm::alignTo(buffer.bytes, alignment);
      if (onStack <= static_cast<uint64_t>(stackBuffers)) {
        moveToStart(buffer.op, front);
        continue;
      }
      OpBuilder builder(buffer.op);
      Location loc = buffer.op.getLoc();
      Value own = context(builder, loc);
      Value address = LLVM::GEPOp::create(builder, loc, pointer, pointer, own,
                                          ArrayRef<LLVM::GEPArg>{1});
      Value base = LLVM::LoadOp::create(builder, loc, pointer, address);
      end = llvm::alignTo(end, alignment);
      Value place = LLVM::ConstantOp::create(
          builder, loc, builder.getI64Type(),
          builder.getI64IntegerAttr(static_cast<int64_t>(end)));
      Value memory =
          LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                              ArrayRef<LLVM::GEPArg>{place});
      buffer.op.replaceAllUsesWith(memory);
      buffer.op.erase();
      end += buffer.bytes;
    }
    return success();
  }

  /// There LLVM makes it a part of the frame, taken once. (Behind a division it
  /// may not: that can become a branch.)
  static void moveToStart(LLVM::AllocaOp op, Block *front) {
    OpBuilder builder = OpBuilder::atBlockBegin(front);
    Value count =
        builder.clone(*op.getArraySize().getDefiningOp())->getResult(0);
    op.getArraySizeMutable().assign(count);
    op->moveAfter(count.getDefiningOp());
  }

  // Contexts

  Value context(OpBuilder &builder, Location loc) {
    auto function = getOperation().lookupSymbol<LLVM::LLVMFuncOp>(contextName);
    if (!function) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(getOperation().getBody());
      function = LLVM::LLVMFuncOp::create(
          builder, loc, contextName, LLVM::LLVMFunctionType::get(pointer, {}));
    }
    return LLVM::CallOp::create(builder, loc, function, ValueRange())
        .getResult();
  }

  /// Functions that need one, and those that call them, get it as their last
  /// argument.
  void passContexts() {
    ModuleOp module = getOperation();
    llvm::SetVector<LLVM::LLVMFuncOp> functions;
    llvm::MapVector<Operation *, SmallVector<LLVM::CallOp>> calls; // by callee
    auto add = [&](LLVM::LLVMFuncOp function) {
      if (!bodies.contains(function))
        functions.insert(function);
    };
    module.walk([&](LLVM::CallOp call) {
      if (call.getCallee() == StringRef(contextName))
        add(call->getParentOfType<LLVM::LLVMFuncOp>());
      else if (auto name = call.getCallee())
        calls[module.lookupSymbol(*name)].push_back(call);
    });
    for (size_t i = 0; i < functions.size(); ++i) {
      LLVM::LLVMFuncOp function = functions[i];
      addArgument(function);
      for (LLVM::CallOp call : calls[function]) {
        OpBuilder builder(call);
        call.getCalleeOperandsMutable().append(context(builder, call.getLoc()));
        add(call->getParentOfType<LLVM::LLVMFuncOp>());
      }
    }
    SmallVector<LLVM::CallOp> questions;
    module.walk([&](LLVM::CallOp call) {
      if (call.getCallee() == StringRef(contextName))
        questions.push_back(call);
    });
    for (LLVM::CallOp question : questions) {
      auto function = question->getParentOfType<LLVM::LLVMFuncOp>();
      unsigned number =
          bodies.contains(function) ? 0 : function.getNumArguments() - 1;
      question.getResult().replaceAllUsesWith(function.getArgument(number));
      question.erase();
    }
  }

  void addArgument(LLVM::LLVMFuncOp function) {
    LLVM::LLVMFunctionType type = function.getFunctionType();
    SmallVector<Type> arguments(type.getParams());
    arguments.push_back(pointer);
    function.setFunctionType(LLVM::LLVMFunctionType::get(
        type.getReturnType(), arguments, type.isVarArg()));
    function.getBody().front().addArgument(pointer, function.getLoc());
    if (ArrayAttr attributes = function.getArgAttrsAttr()) {
      SmallVector<Attribute> all(attributes.getValue());
      all.push_back(DictionaryAttr::get(&getContext()));
      function.setArgAttrsAttr(ArrayAttr::get(&getContext(), all));
    }
  }

  LLVM::LLVMPointerType pointer;
  llvm::SetVector<LLVM::LLVMFuncOp> bodies;
  DenseMap<LLVM::LLVMFuncOp, std::optional<uint64_t>> scratch;
};
} // namespace
} // namespace jarana::cpu
