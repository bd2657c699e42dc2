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

unsigned dimNumber(func::FuncOp entry, unsigned first, unsigned argument,
                   unsigned dim) {
  for (unsigned i = first; i < argument; ++i)
    dim += cast<ShapedType>(entry.getArgumentTypes()[i]).getRank();
  return dim;
}

} // namespace jarana::cpu
