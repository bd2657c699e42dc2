// Reads an ONNX model into the onnx form.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>
#include <set>
#include <string>

namespace jarana::onnx {

struct ImportOptions {
  /// Dimensions and inputs fixed at import (`--bind=batch=1,use_cache=true`):
  /// a symbol's name to its number, an input's name to its elements, as in
  /// CompileOptions. A name that is neither is an error, one that is both is
  /// the dimension's.
  std::map<std::string, std::string> bind;
  /// Initializers that are inputs too, and shall be arguments whatever they
  /// are.
  std::set<std::string> given;
};

/// An argument's value where a caller gives none (an elements attribute), and
/// the function's list of inputs whose initializers were taken as constants.
inline constexpr llvm::StringLiteral defaultAttr = "onnx.default",
                                     fixedAttr = "onnx.fixed";

/// Imports the model at `path`: a module with `func.func @main` in onnx form,
/// verified. Weights stay in their files. Null, with diagnostics that name the
/// file and the node, initializer or attribute at fault, where the model cannot
/// be taken.
mlir::OwningOpRef<mlir::ModuleOp>
importModel(mlir::MLIRContext &context, const std::string &path,
            const ImportOptions &options = {});

} // namespace jarana::onnx
