// What the inputs and outputs of a graph have to do with each other.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringMap.h"

#include <vector>

namespace jarana::pipeline {

/// Per output: the inputs that its elements are computed from. Sizes do not
/// count: every layer asks one layer's past for its length.
using Dependencies = std::vector<llvm::BitVector>;

/// Of a function in hybrid form.
Dependencies dependenciesOf(mlir::func::FuncOp function);

/// What operators do with the inputs of a graph, by the inputs' names.
struct InputUses {
  /// Inputs that tell an operator a number of positions, as
  /// bundle::NumberInput::value has it.
  llvm::StringMap<std::string> numbers;
  /// Buffers of fixed length that new positions are written into, with the
  /// axis of the positions (-1: not known).
  llvm::StringMap<int64_t> buffers;
};

/// Of a function in onnx form: raising has no names for these.
InputUses usesOf(mlir::func::FuncOp function);

} // namespace jarana::pipeline
