// cpu-c-interface: entry functions get the C functions of the ABI.
#include "passes/cpu/Entry.h"
#include "passes/cpu/Passes.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_CINTERFACEPASS
#include "passes/cpu/Passes.h.inc"

namespace {
struct CInterface : impl::CInterfacePassBase<CInterface> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    StringRef prefix = "_mlir_ciface_";
    for (auto function : llvm::to_vector(module.getOps<LLVM::LLVMFuncOp>())) {
      if (function.isExternal())
        continue;
      if (function.getName().starts_with(prefix))
        wrap(function,
             ("jarana_" + function.getName().drop_front(prefix.size())).str());
      function.setLinkage(LLVM::Linkage::Internal);
      function.removeArgAttrsAttr(); // names of inputs and outputs
    }
  }

  /// `name(args)` calls `function` with the pointers in the array `args`.
  void wrap(LLVM::LLVMFuncOp function, const std::string &name) {
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfter(function);
    Location loc = function.getLoc();
    auto pointer = LLVM::LLVMPointerType::get(&getContext());
    auto type = LLVM::LLVMFunctionType::get(
        function.getFunctionType().getReturnType(), {pointer});
    auto wrapper = LLVM::LLVMFuncOp::create(builder, loc, name, type);
    Block *block = wrapper.addEntryBlock(builder);
    builder.setInsertionPointToStart(block);
    SmallVector<Value> arguments;
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      Value address = LLVM::GEPOp::create(
          builder, loc, pointer, pointer, block->getArgument(0),
          ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)});
      arguments.push_back(LLVM::LoadOp::create(builder, loc, pointer, address));
    }
    auto call = LLVM::CallOp::create(builder, loc, function, arguments);
    LLVM::ReturnOp::create(builder, loc, call.getResults());
  }
};
} // namespace
} // namespace jarana::cpu
