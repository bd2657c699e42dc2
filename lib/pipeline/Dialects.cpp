#include "lib/pipeline/Dialects.h"
#include "dialects/hybrid/HybridDialect.h"
#include "dialects/onnx/OnnxDialect.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/OpenMP/OpenMPToLLVMIRTranslation.h"

namespace jarana::pipeline {

mlir::DialectRegistry dialects() {
  mlir::DialectRegistry registry;
  // Registration is cheap; dialects are loaded when they are used.
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::hybrid::registerHybridExtensions(registry);
  registry.insert<mlir::onnx::OnnxDialect>();
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
  mlir::registerOpenMPDialectTranslation(registry);
  return registry;
}

} // namespace jarana::pipeline
