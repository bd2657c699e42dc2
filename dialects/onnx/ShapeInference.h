// Shape inference of the onnx operators: one rule per operator, used by the
// importer, by the verifiers, and by the passes that leave the onnx form.
#pragma once

#include "lib/symbolic/Expr.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

namespace jarana::onnx {

/// What is known of a value before the model runs: its element type, its
/// shape, and for small integer and boolean tensors each element (row-major).
struct ValueInfo {
  mlir::Type elementType; // null: the value of onnx.None, an absent input
  symbolic::Shape shape;
  std::optional<std::vector<symbolic::Expr>> contents;

  bool present() const { return static_cast<bool>(elementType); }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
};

/// Infers the results of `op` from its operands. Errors (a contradiction, a
/// missing or wrong operand or attribute) are reported at the op with its node
/// name and operator. Equalities that cannot be decided become checks of
/// `context`.
mlir::FailureOr<llvm::SmallVector<ValueInfo>>
inferOp(mlir::Operation *op, llvm::ArrayRef<ValueInfo> operands,
        symbolic::Context &context);

/// The verifiers' entry: infers the results from the operands' types (`?` is a
/// fresh symbol; constants give contents) and checks that the result types are
/// compatible.
mlir::LogicalResult verifyOp(mlir::Operation *op);

/// The info of every value of a function in onnx form, computed front to back
/// (regions of If, Loop and Scan included).
class SymbolicShapes {
public:
  /// Creates the symbols of the arguments from `onnx.dims` (one symbol per
  /// distinct name).
  static mlir::FailureOr<SymbolicShapes> compute(mlir::Operation *function);
  const ValueInfo &operator[](mlir::Value value) const;
  symbolic::Context &context() { return *ctx; }
  /// The argument and dimension that define an input symbol.
  std::optional<std::pair<unsigned, unsigned>>
  source(symbolic::SymbolId id) const;
  /// The value and dimension that define a symbol only known once an op has
  /// run.
  std::optional<std::pair<mlir::Value, unsigned>>
  definedBy(symbolic::SymbolId id) const;

  /// For building a function op by op, as the importer does: declare the
  /// arguments, then infer each op as it is created.
  SymbolicShapes();
  void setArgument(mlir::BlockArgument argument,
                   llvm::ArrayRef<llvm::StringRef> dims);
  mlir::LogicalResult
  infer(mlir::Operation *op); ///< records the results' info; also sets their
                              ///< types to what is known
  void set(mlir::Value value, ValueInfo info);
  void forget(mlir::Value value); ///< before the value is erased
  ValueInfo lookup(mlir::Value value)
      const; ///< by all that is known now; not present() for unknown values

private:
  mlir::FailureOr<llvm::SmallVector<ValueInfo>>
  inferScan(mlir::Operation *op, llvm::ArrayRef<ValueInfo> operands);
  mlir::FailureOr<llvm::SmallVector<ValueInfo>>
  inferIf(mlir::Operation *op, llvm::ArrayRef<ValueInfo> operands);
  mlir::FailureOr<llvm::SmallVector<ValueInfo>>
  inferLoop(mlir::Operation *op, llvm::ArrayRef<ValueInfo> operands);
  void recordResults(mlir::Operation *op, llvm::ArrayRef<ValueInfo> results,
                     symbolic::SymbolId firstNew);

  std::shared_ptr<symbolic::Context> ctx;
  llvm::DenseMap<mlir::Value, ValueInfo> infos;
  llvm::StringMap<symbolic::SymbolId> named;
  llvm::DenseMap<symbolic::SymbolId, std::pair<unsigned, unsigned>> sources;
  llvm::DenseMap<symbolic::SymbolId, std::pair<mlir::Value, unsigned>>
      definitions;
};

/// What has been assumed so far: it grows where a later op needs more of the
/// inputs. What only one branch of an If needs may not be assumed for all.
class Assumptions {
public:
  explicit Assumptions(const symbolic::Context &context);
  /// What has been assumed since, in words; empty: nothing.
  std::string since(const symbolic::Context &context) const;

private:
  size_t checks;
  std::vector<int64_t> bounds; ///< of the symbols
};

/// tensor<...> with `?` where a dimension is not a number.
mlir::RankedTensorType typeOf(const ValueInfo &info);

} // namespace jarana::onnx
