// A part of a function as a function of its own, to be evaluated.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/raise/recognise/Recogniser.h"

namespace jarana::raise::recognise {

/// What `sliceBetween` made, or why it could not.
struct Sliced {
  mlir::func::FuncOp function; ///< private; arguments: inputs, then `further`
  /// Values of the graph that are arguments too: arguments of the graph, and
  /// what shape arithmetic knows (its elements are expressions).
  mlir::SmallVector<mlir::Value> further;
  /// The ops that were cloned, in order.
  mlir::SmallVector<mlir::Operation *> ops;
  /// Those of them that depend on an input.
  mlir::SmallVector<mlir::Operation *> varying;
  std::string reason; ///< not empty: it could not be made
};

/// An empty module for slices of `function`: the weights of both lie in the
/// same folder.
mlir::OwningOpRef<mlir::ModuleOp> moduleForSlices(mlir::func::FuncOp function);

/// Clones what lies between `inputs` and `outputs` of the graph into a function
/// `name` of `module`, with the weights that it reads.
Sliced sliceBetween(Graph &graph, mlir::ValueRange inputs,
                    mlir::ValueRange outputs, llvm::StringRef name,
                    mlir::ModuleOp module);

} // namespace jarana::raise::recognise
