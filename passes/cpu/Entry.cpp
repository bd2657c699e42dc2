#include "passes/cpu/Entry.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace jarana::cpu {

func::FuncOp planOf(func::FuncOp entry) {
  auto module = entry->getParentOfType<ModuleOp>();
  for (auto function : module.getOps<func::FuncOp>()) {
    auto of = function->getAttrOfType<FlatSymbolRefAttr>(planOfAttr);
    if (of && of.getValue() == entry.getName())
      return function;
  }
  return nullptr;
}

unsigned planIndex(func::FuncOp entry, unsigned input, unsigned dim) {
  unsigned index = dim;
  for (unsigned i = 0; i < input; ++i)
    index += cast<ShapedType>(entry.getArgumentTypes()[i]).getRank();
  return index;
}

} // namespace jarana::cpu
