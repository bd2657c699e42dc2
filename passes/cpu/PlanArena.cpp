// cpu-plan-arena: all buffers of an entry function get a place in one arena.
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"
#include "passes/cpu/SizeBuilder.h"

#include "mlir/Dialect/Bufferization/Transforms/BufferViewFlowAnalysis.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_PLANARENAPASS
#include "passes/cpu/Passes.h.inc"

namespace {

struct Buffer {
  memref::AllocOp alloc;
  unsigned first = 0,
           last = 0; ///< ops of the entry block that use it, by number
  Value bytes;       ///< rounded up to the alignment
  unsigned slot = 0;
};

struct Slot {
  SmallVector<Value> sizes; ///< distinct sizes of its members
  unsigned busyUntil = 0;
};

struct PlanArena : impl::PlanArenaPassBase<PlanArena> {
  void runOnOperation() override {
    for (auto entry : getOperation().getOps<func::FuncOp>())
      if (isEntry(entry) && failed(plan(entry)))
        return signalPassFailure();
  }

  LogicalResult plan(func::FuncOp entry) {
    Block &block = entry.getBody().front();
    SmallVector<Buffer> buffers;
    entry.walk([&](memref::AllocOp alloc) { buffers.push_back({alloc}); });
    numBuffers += buffers.size();
    findLifetimes(entry, block, buffers);

    OpBuilder builder = OpBuilder::atBlockBegin(&block);
    SizeBuilder sizes(builder, block);
    for (Buffer &buffer : buffers) {
      FailureOr<Value> bytes = sizes.bytes(buffer.alloc, alignment);
      if (failed(bytes))
        return failure();
      buffer.bytes = *bytes;
    }
    SmallVector<Slot> slots = assignSlots(buffers);
    numSlots += slots.size();

    Location loc = entry.getLoc();
    SmallVector<Value> offsets;
    Value total = sizes.constant(loc, 0);
    for (Slot &slot : slots) {
      Value size = slot.sizes.front();
      for (Value other : ArrayRef(slot.sizes).drop_front())
        size = builder.createOrFold<arith::MaxSIOp>(loc, size, other);
      offsets.push_back(total);
      total = builder.createOrFold<arith::AddIOp>(loc, total, size);
    }
    for (Buffer &buffer : buffers) {
      OpBuilder at(buffer.alloc);
      Value view = memref::ViewOp::create(
          at, buffer.alloc.getLoc(), buffer.alloc.getType(),
          arenaArgument(entry), offsets[buffer.slot],
          buffer.alloc.getDynamicSizes());
      buffer.alloc.replaceAllUsesWith(view);
      buffer.alloc.erase();
    }
    remark::analysis(
        loc, remark::RemarkOpts::name("arena").category("cpu-plan-arena"))
        << std::to_string(buffers.size()) + " buffers in " +
               std::to_string(slots.size()) + " slots";
    return returnFromPlan(entry, total);
  }

  /// A buffer inside a loop or a branch moves in front of it: the loops carry
  /// no buffers (cpu-stabilize-loops), so one is enough for all iterations.
  void findLifetimes(func::FuncOp entry, Block &block,
                     MutableArrayRef<Buffer> buffers) {
    BufferViewFlowAnalysis aliases(entry);
    DenseMap<Operation *, unsigned> number;
    for (auto [index, op] : llvm::enumerate(block))
      number[&op] = index;
    for (Buffer &buffer : buffers) {
      buffer.first = number.size();
      for (Value alias : aliases.resolve(buffer.alloc))
        for (Operation *user : alias.getUsers()) {
          unsigned at = number.lookup(block.findAncestorOpInBlock(*user));
          buffer.first = std::min(buffer.first, at);
          buffer.last = std::max(buffer.last, at);
        }
      if (buffer.first > buffer.last) // nobody uses it
        buffer.first = buffer.last = 0;
    }
    llvm::stable_sort(buffers, [](const Buffer &a, const Buffer &b) {
      return a.first < b.first;
    });
  }

  /// Any free slot is better than a new one: the larger of two sizes is never
  /// more than their sum. One with the same size costs nothing.
  SmallVector<Slot> assignSlots(MutableArrayRef<Buffer> buffers) {
    SmallVector<Slot> slots;
    for (Buffer &buffer : buffers) {
      std::optional<unsigned> best;
      bool bestFits = false;
      for (auto [index, slot] : llvm::enumerate(slots)) {
        if (slot.busyUntil >= buffer.first)
          continue;
        bool fits = llvm::is_contained(slot.sizes, buffer.bytes);
        if (!best || (fits && !bestFits) ||
            (fits == bestFits && slot.busyUntil > slots[*best].busyUntil)) {
          best = index;
          bestFits = fits;
        }
      }
      if (!best) {
        best = slots.size();
        slots.emplace_back();
      }
      Slot &slot = slots[*best];
      if (!llvm::is_contained(slot.sizes, buffer.bytes))
        slot.sizes.push_back(buffer.bytes);
      slot.busyUntil = buffer.last;
      buffer.slot = *best;
    }
    return slots;
  }

  /// The plan function returns the size of the arena: a copy of its
  /// computation, in which dimensions of inputs are read from the first
  /// argument.
  LogicalResult returnFromPlan(func::FuncOp entry, Value total) {
    func::FuncOp plan = planOf(entry);
    if (!plan)
      return success();
    Block &block = plan.getBody().back();
    OpBuilder builder(block.getTerminator());
    IRMapping mapping;
    Value bytes = cloneSizes(builder, total, mapping, [&](memref::DimOp dim) {
      // Sizes may also be those of outputs, which were computed before.
      unsigned argument = cast<BlockArgument>(dim.getSource()).getArgNumber();
      bool isInput = argument < numInputs(entry);
      unsigned index = dimNumber(entry, isInput ? 0 : numInputs(entry),
                                 argument, *dim.getConstantIndex());
      Value position =
          arith::ConstantIndexOp::create(builder, dim.getLoc(), index);
      Value value = memref::LoadOp::create(
          builder, dim.getLoc(), plan.getArgument(isInput ? 0 : 1), position);
      return arith::IndexCastOp::create(builder, dim.getLoc(),
                                        builder.getIndexType(), value)
          .getResult();
    });
    Value result = arith::IndexCastOp::create(builder, total.getLoc(),
                                              builder.getI64Type(), bytes);
    block.getTerminator()->setOperand(0, result);
    return success();
  }
};
} // namespace
} // namespace jarana::cpu
