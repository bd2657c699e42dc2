// What of MLIR the interpreter reads: types, attributes and weights as the
// reference evaluator's tensors and attributes. Throws jarana::Error; the
// interpreter turns that into diagnostics at the op.
#pragma once

#include "lib/reference/Operators.h"
#include "lib/safetensors/Safetensors.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <span>

namespace jarana::reference {

/// An index is an i64.
DType dtypeOf(mlir::Type elementType);
Tensor tensorOf(mlir::ElementsAttr);
/// All attributes of an op by their names: numbers, strings and arrays of them;
/// types by numpy's names, enumerators by their spelling; an elements attribute
/// of one element as that number, with its type as "NAME.dtype".
Attributes attributesOf(mlir::Operation *);

/// The attribute of a candidate that says its `scale` before it was rounded to
/// f32, which an exact evaluation takes: [n, d] is n / d.
inline constexpr llvm::StringLiteral kUnroundedScale = "onnx.unrounded_scale";

/// Marks an attention that stands for one whose rows without visible keys it
/// does not give: nothing that counts depends on them.
inline constexpr llvm::StringLiteral kRowsLeftOpen = "onnx.rows_left_open";

/// The operands in the order that the operator is defined with, nullptr for
/// absent ones. `valueOf` gives an operand's tensor, nullptr for onnx.None.
template <class Real>
InputsOf<Real>
inputsOf(mlir::Operation *,
         llvm::function_ref<const TensorOf<Real> *(mlir::Value)> valueOf);

/// Throws where a tensor's type, rank or a static dimension is not the type's;
/// a scalar has rank 0. `what` begins the message.
template <class Real>
void checkType(const std::string &what, const TensorOf<Real> &, mlir::Type);

/// What a module says of a weight.
struct WeightSource {
  mlir::Attribute value;
  mlir::Attribute
      origin; ///< that of the weight that it is derived from, or its
  mlir::Type type;
};

/// The weights of a module (hybrid.weight), read when they are first asked for
/// and kept.
class Weights {
public:
  explicit Weights(mlir::ModuleOp module);
  std::shared_ptr<const Tensor> get(mlir::StringRef symbol);
  WeightSource sourceOf(mlir::StringRef symbol);

private:
  Tensor read(mlir::Operation *weight);
  std::span<const std::byte> fileRange(const std::string &file, int64_t offset,
                                       int64_t bytes);

  mlir::SymbolTable symbols;
  std::string folder;
  std::map<std::string, std::shared_ptr<const Tensor>> known;
  std::map<std::string, std::unique_ptr<llvm::MemoryBuffer>> files;
};

} // namespace jarana::reference
