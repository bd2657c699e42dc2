// Reads an ONNX model into the onnx form.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>
#include <string>

namespace jarana::onnx {

struct ImportOptions {
  /// Dimensions fixed at import: symbol name to value (`--bind=batch=1`). A
  /// name that no input has is an error.
  std::map<std::string, int64_t> bind;
};

/// Imports the model at `path`: a module with `func.func @main` in onnx form,
/// verified. Weights stay in their files. Null, with diagnostics that name the
/// file and the node, initializer or attribute at fault, where the model cannot
/// be taken.
mlir::OwningOpRef<mlir::ModuleOp>
importModel(mlir::MLIRContext &context, const std::string &path,
            const ImportOptions &options = {});

} // namespace jarana::onnx
