// cpu-outline-kernels: the work of an entry function moves into kernels.
#include "dialects/hybrid/Hybrid.h"
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"

#include "mlir/IR/Remarks.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// Work: it goes through a buffer.
bool isWork(Operation *op) {
  if (isa<linalg::LinalgOp, memref::CopyOp, scf::ParallelOp, scf::ForallOp>(op))
    return true;
  return isa<DestinationStyleOpInterface>(op) &&
         llvm::any_of(op->getOperandTypes(), llvm::IsaPred<MemRefType>);
}

/// A loop or branch around work stays in the entry function, and so does one
/// that may end the run.
bool holdsWork(Operation *op) {
  return op
      ->walk([&](Operation *inner) {
        if (inner == op)
          return WalkResult::advance();
        return isWork(inner) || isa<hybrid::CheckOp>(inner)
                   ? WalkResult::interrupt()
                   : WalkResult::advance();
      })
      .wasInterrupted();
}

void collect(Block &block, SmallVectorImpl<Operation *> &work) {
  for (Operation &op : block) {
    if (isWork(&op)) {
      work.push_back(&op);
    } else if (isa<scf::ForOp, scf::WhileOp, scf::IfOp, scf::IndexSwitchOp>(
                   op)) {
      if (holdsWork(&op)) {
        for (Region &region : op.getRegions())
          for (Block &inner : region)
            collect(inner, work);
      } else if (op.getNumResults() == 0) {
        work.push_back(&op); // a loop nest
      }
    }
  }
}

struct OutlineKernels : impl::OutlineKernelsPassBase<OutlineKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (auto entry : llvm::to_vector(module.getOps<func::FuncOp>()))
      if (isEntry(entry))
        outline(entry);
  }

  void outline(func::FuncOp entry) {
    SmallVector<Operation *> work;
    for (Block &block : entry.getBody())
      collect(block, work);
    unsigned before = kernels.size();
    for (Operation *op : work)
      outline(entry, op);
    numCalls += work.size();
    numKernels += kernels.size() - before;
    remark::analysis(
        entry.getLoc(),
        remark::RemarkOpts::name("kernels").category("cpu-outline-kernels"))
        << std::to_string(work.size()) + " calls of " +
               std::to_string(kernels.size() - before) + " kernels";
  }

  void outline(func::FuncOp entry, Operation *op) {
    // What the op uses from outside, in the order of use; constants move along.
    llvm::SetVector<Value> used;
    SmallVector<Operation *> constants;
    auto use = [&](Value value) {
      Operation *definition = value.getDefiningOp();
      if (definition && definition->hasTrait<OpTrait::ConstantLike>()) {
        if (!llvm::is_contained(constants, definition))
          constants.push_back(definition);
      } else {
        used.insert(value);
      }
    };
    for (Value operand : op->getOperands())
      use(operand);
    visitUsedValuesDefinedAbove(
        op->getRegions(), [&](OpOperand *operand) { use(operand->get()); });

    OpBuilder builder(entry->getContext());
    Location loc = op->getLoc();
    SmallVector<Type> types =
        llvm::map_to_vector(used, [](Value v) { return v.getType(); });
    auto kernel = func::FuncOp::create(builder, loc, "kernel",
                                       builder.getFunctionType(types, {}));
    kernel.setPrivate();
    Block *body = kernel.addEntryBlock();
    builder.setInsertionPointToStart(body);
    IRMapping mapping;
    mapping.map(used.getArrayRef(), body->getArguments());
    for (Operation *constant : constants)
      builder.clone(*constant, mapping);
    builder.clone(*op, mapping);
    func::ReturnOp::create(builder, loc);

    // Kernels are the same where they print the same.
    std::string text;
    llvm::raw_string_ostream stream(text);
    kernel.print(stream, OpPrintingFlags().useLocalScope());
    StringAttr &name = kernels[text];
    if (!name) {
      name =
          builder.getStringAttr("kernel_" + std::to_string(kernels.size() - 1));
      kernel.setName(name);
      // Inlining would undo the sharing.
      kernel->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
      getOperation().insert(entry, kernel);
    } else {
      kernel.erase();
    }
    builder.setInsertionPoint(op);
    func::CallOp::create(builder, loc, name, TypeRange(), used.getArrayRef());
    op->erase();
  }

  llvm::StringMap<StringAttr> kernels; ///< names by text
};
} // namespace
} // namespace jarana::cpu
