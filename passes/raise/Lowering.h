// The state of raising one function, and the table of lowerings by operator.
#pragma once

#include "dialects/hybrid/HybridDialect.h"
#include "dialects/onnx/ShapeInference.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/raise/Report.h"
#include "passes/raise/Tensors.h"
#include "llvm/ADT/StringMap.h"

#include <string>

namespace jarana::raise {

class Lowering;
/// Lowers one onnx op: reads its operands with get(), gives its results with
/// set(). Reports at the op where it cannot.
using LowerFunction = mlir::LogicalResult (*)(Lowering &, mlir::Operation *);
using LoweringTable = llvm::StringMap<LowerFunction>;

// Each adds the operators of one family, by ONNX's names.
void addElementwise(LoweringTable &table);
void addLogic(LoweringTable &table);
void addMovement(LoweringTable &table);
void addShapes(LoweringTable &table);
void addGather(LoweringTable &table);
void addNonZero(LoweringTable &table);
void addScatter(LoweringTable &table);
void addReduction(LoweringTable &table);
void addNormalization(LoweringTable &table);
void addContraction(LoweringTable &table);
void addControl(LoweringTable &table);
void addConvolution(LoweringTable &table);
void addQuantization(LoweringTable &table);
void addSequence(LoweringTable &table);
void addLinearAttention(LoweringTable &table);
void addCausalConv(LoweringTable &table);
void addAttention(LoweringTable &table);
void addGroupQueryAttention(LoweringTable &table);
void addRotary(LoweringTable &table);
void addRMSNorm(LoweringTable &table);

/// The element type in the hybrid form: unsigned integers become signless.
mlir::Type signless(mlir::Type element);

/// Raises functions op by op. Results of onnx ops map to tensors of the new
/// function; small integer tensors whose contents are known symbolically are
/// made only where a lowering reads them as data.
class Lowering {
public:
  Lowering(TensorBuilder &build, onnx::SymbolicShapes &shapes,
           RaiseReport &report)
      : build(build), shapes(shapes), report(report) {}

  TensorBuilder &build;
  onnx::SymbolicShapes &shapes;
  RaiseReport &report;

  symbolic::Context &context() { return shapes.context(); }
  mlir::OpBuilder &builder() { return build.b; }
  mlir::Location loc() { return build.loc; }

  /// Lowers the ops of a block in order (not its terminator).
  mlir::LogicalResult lowerBlock(mlir::Block &block);
  void set(mlir::Value onnxValue, Tensor tensor) {
    values[onnxValue] = std::move(tensor);
  }
  bool has(mlir::Value onnxValue) const { return values.contains(onnxValue); }

  // Operands of onnx ops.
  bool present(mlir::Operation *op,
               unsigned operand); ///< not beyond the end and not onnx.None
  Tensor get(mlir::Value onnxValue);
  Tensor get(mlir::Operation *op, unsigned operand) {
    return get(op->getOperand(operand));
  }
  const onnx::ValueInfo &info(mlir::Value onnxValue) {
    return shapes[onnxValue];
  }
  Shape shapeOf(mlir::Value onnxValue) {
    return build.simplified(shapes[onnxValue].shape);
  }
  /// The elements of a small integer tensor, where they are known.
  std::optional<std::vector<Expr>> contents(mlir::Value onnxValue);
  std::optional<std::vector<Expr>> contents(mlir::Operation *op,
                                            unsigned operand);
  /// The elements of an integer tensor that is known as numbers.
  std::optional<std::vector<int64_t>> numbers(mlir::Operation *op,
                                              unsigned operand);
  /// Its elements, those that are not known as new symbols whose values are
  /// read from the tensor at run time.
  std::vector<Expr> elements(mlir::Operation *op, unsigned operand);
  mlir::Type resultType(mlir::Operation *op,
                        unsigned result = 0); ///< element type, signless
  static bool isUnsigned(mlir::Value onnxValue);

  // Attributes of onnx ops (defaults are filled in by the importer; the
  // fallbacks serve optional ones).
  static int64_t integer(mlir::Operation *op, llvm::StringRef name,
                         int64_t absent = 0);
  static double real(mlir::Operation *op, llvm::StringRef name,
                     double absent = 0);
  static llvm::StringRef text(mlir::Operation *op, llvm::StringRef name,
                              llvm::StringRef absent = "");
  static llvm::SmallVector<int64_t> integers(mlir::Operation *op,
                                             llvm::StringRef name);

  /// A condition that must hold when the model runs, here.
  void check(mlir::Value condition, const llvm::Twine &message);
  /// Every element of an integer tensor is in [-extent, extent) or, where
  /// `wraps` is false, [0, extent).
  void checkIndices(Tensor indices, const Expr &extent, bool wraps,
                    const llvm::Twine &message);
  /// An error that names the operator and its node.
  static mlir::InFlightDiagnostic error(mlir::Operation *op);
  /// The same where an operand would have to be known when the model is
  /// compiled: names the inputs that it comes from, which can be fixed.
  static mlir::InFlightDiagnostic unknown(mlir::Operation *op, unsigned operand,
                                          llvm::StringRef what);
  static std::string operatorName(mlir::Operation *op) {
    return op->getName().stripDialect().str();
  }

  // Symbols.
  /// The arguments of the function being built: input symbols are their
  /// dimensions.
  void setArguments(mlir::ValueRange newArguments) {
    llvm::append_range(arguments, newArguments);
  }
  /// Gives the value of a symbol that an op defines, before its result exists.
  void define(symbolic::SymbolId id, mlir::Value index) { defined[id] = index; }
  /// A new symbol with the given value.
  Expr runtime(mlir::Value index, const llvm::Twine &name);
  /// Where dimension `axis` of a result is a symbol that nothing defines yet:
  /// it has this value.
  void defineDim(mlir::Value onnxResult, unsigned axis, const Expr &value);
  /// Checks that `offset`, an index that is not negative, is below `extent`,
  /// and emits the check here.
  void requireInside(mlir::Operation *op, const Expr &offset,
                     const Expr &extent);
  /// An index that counts from the end where it is negative.
  Expr wrapped(const Expr &index, const Expr &extent);
  /// The value of a symbol; an error where the op that defines it has not been
  /// lowered.
  mlir::Value valueOf(mlir::OpBuilder &at, symbolic::SymbolId id);
  /// Emits those assumptions of the context as checks whose symbols are known
  /// by now.
  void emitPendingChecks();
  /// "input 'x' dimension 1 ('seq'), ...: " for the symbols of an expression.
  std::string describe(const Expr &expr);
  bool failed() const {
    return broken;
  } ///< an error was reported where none could be returned

private:
  mlir::LogicalResult lowerOp(mlir::Operation *op);
  Tensor materialize(mlir::Value onnxValue, const std::vector<Expr> &elements);
  bool available(const Expr &expr);

  llvm::DenseMap<mlir::Value, Tensor> values;
  llvm::DenseMap<symbolic::SymbolId, mlir::Value> defined;
  llvm::SmallVector<mlir::Value> arguments;
  std::vector<bool> emitted; // of the context's checks
  bool broken = false;
};

/// Numpy's matmul of two tensors, in f32 for narrower floats, to `shape`.
Tensor lowerProduct(Lowering &lowering, Tensor lhs, Tensor rhs,
                    const Shape &shape, mlir::Type element);

/// An scf.for over [0, extent) that carries tensors. `body` gets the position
/// as an expression and the carried tensors, and gives the next ones (of the
/// same shapes). Empty where the body failed.
llvm::SmallVector<Tensor>
loopAlong(Lowering &lowering, const Expr &extent,
          llvm::ArrayRef<Tensor> initial,
          llvm::function_ref<mlir::FailureOr<llvm::SmallVector<Tensor>>(
              const Expr &, llvm::ArrayRef<Tensor>)>
              body);

/// All lowerings.
const LoweringTable &loweringTable();

} // namespace jarana::raise
