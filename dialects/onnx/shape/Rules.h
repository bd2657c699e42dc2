// What the shape rules of the operators share. A rule gets an Inference (one
// op, what is known of its operands) and returns what is known of all results
// that the operator can have. It reports a contradiction by throwing Error;
// inferOp turns that into a diagnostic at the op. No MLIR code is between a
// rule and inferOp, so no exception passes through one.
#pragma once

#include "dialects/onnx/ShapeInference.h"
#include "jarana/error.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace jarana::onnx::shape {

using symbolic::Context;
using symbolic::Expr;
using symbolic::Shape;
using Contents = std::optional<std::vector<Expr>>;
using Results = llvm::SmallVector<ValueInfo>;

/// Contents are kept of tensors of at most this many elements.
constexpr int64_t maxContents = 4096;

class Inference {
public:
  Inference(mlir::Operation *op, llvm::ArrayRef<ValueInfo> operands,
            Context &context)
      : op(op), operands(operands), ctx(context) {}

  mlir::Operation *const op;
  const llvm::ArrayRef<ValueInfo> operands;
  Context &ctx;

  /// Operand `index`; throws where it is absent, naming it.
  const ValueInfo &in(unsigned index) const;
  bool has(unsigned index) const {
    return index < operands.size() && operands[index].present();
  }
  mlir::Builder builder() const { return mlir::Builder(op->getContext()); }

  // Attributes by name. The forms with a default serve ops that were built
  // without it; those without throw where it is missing.
  int64_t integer(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name, int64_t fallback) const;
  llvm::StringRef string(llvm::StringRef name, llvm::StringRef fallback) const;
  std::optional<llvm::SmallVector<int64_t>>
  integers(llvm::StringRef name) const;
  mlir::Type type(llvm::StringRef name) const; ///< null where absent

  [[noreturn]] void fail(const llvm::Twine &message) const;
  std::string text(const Expr &) const;
  std::string text(const Shape &) const;

  /// Equality, or a check for run time, or an error: "what differ: 8 and 9".
  void requireEqual(const Expr &, const Expr &, const llvm::Twine &what);
  /// a >= b in the same way.
  void requireAtLeast(const Expr &a, const Expr &b, const llvm::Twine &what);
  /// The operand's rank must be in [least, most].
  void requireRank(unsigned index, int64_t least, int64_t most = 64) const;
  /// Resolves a negative axis; throws where it is outside of the rank.
  int64_t axis(int64_t value, int64_t rank,
               llvm::StringRef name = "axis") const;
  /// A dimension that is only known when the op has run.
  Expr fresh(const llvm::Twine &what);

  /// The contents of a small integer operand as expressions, if known.
  Contents contents(unsigned index) const;
  /// The same, where all are numbers.
  std::optional<llvm::SmallVector<int64_t>> numbers(unsigned index) const;
  /// Axes from an operand: resolved and checked to be distinct. Nothing where
  /// the operand is absent; throws where its value is not known.
  std::optional<llvm::SmallVector<int64_t>> axesOperand(unsigned index,
                                                        int64_t rank) const;
  /// True where an operand of axes is there, and its value is not known.
  bool axesUnknown(unsigned index) const {
    return has(index) && !numbers(index);
  }
  /// One number of an operand, whatever its shape.
  std::optional<Expr> scalar(unsigned index) const;

  /// "MatMul node 'x'"
  std::string who() const;
};

using Rule = Results (*)(Inference &);
struct NamedRule {
  llvm::StringRef name;
  Rule rule;
};

// The rules of each family (one file each).
llvm::ArrayRef<NamedRule> elementwiseRules();
llvm::ArrayRef<NamedRule> comparisonRules();
llvm::ArrayRef<NamedRule> reshapeRules();
llvm::ArrayRef<NamedRule> movementRules();
llvm::ArrayRef<NamedRule> gatherRules();
llvm::ArrayRef<NamedRule> reductionRules();
llvm::ArrayRef<NamedRule> contractionRules();
llvm::ArrayRef<NamedRule> quantizationRules();
llvm::ArrayRef<NamedRule> sequenceRules();
llvm::ArrayRef<NamedRule> attentionRules();

// Shapes.
Expr product(llvm::ArrayRef<Expr> dims);
std::optional<llvm::SmallVector<int64_t>> constantShape(llvm::ArrayRef<Expr>);
/// The number of elements where it is a number of at most maxContents.
std::optional<int64_t> smallCount(llvm::ArrayRef<Expr> dims);
/// numpy's broadcasting of the given operands' shapes.
Shape broadcast(Inference &, llvm::ArrayRef<unsigned> operands);
Shape broadcastShapes(Inference &, llvm::ArrayRef<Shape> shapes);
Expr ceilDiv(Context &, const Expr &, int64_t divisor);

// Contents.
bool holdsIntegers(mlir::Type elementType); ///< integers and booleans
/// Contents of a new tensor, element by element; nothing where it is too
/// large or where an element's arithmetic fails (it overflows, say).
template <class Make>
Contents makeContents(llvm::ArrayRef<Expr> shape, Make make) {
  std::optional<int64_t> count = smallCount(shape);
  if (!count)
    return std::nullopt;
  std::vector<Expr> made;
  made.reserve(static_cast<size_t>(*count));
  try {
    for (int64_t i = 0; i < *count; ++i)
      made.push_back(make(i));
  } catch (const Error &) {
    return std::nullopt;
  }
  return made;
}
/// Row-major position <-> index.
llvm::SmallVector<int64_t> unflatten(int64_t position,
                                     llvm::ArrayRef<int64_t> shape);
int64_t flatten(llvm::ArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape);
/// The position in a broadcast operand for the index of the result.
int64_t broadcastPosition(llvm::ArrayRef<int64_t> index,
                          llvm::ArrayRef<int64_t> operandShape);
/// Contents of a constant's elements, if it is small and of whole numbers.
Contents contentsOf(mlir::Attribute value);

/// The length of a 1-D operand that fixes a rank; throws where it is unknown.
int64_t lengthOf(Inference &, unsigned index, llvm::StringRef what);
/// `rank` dimensions that are only known when the op has run.
Shape freshShape(Inference &, int64_t rank);
/// The result of an op whose axes are not known: only its rank is.
Results ofRank(Inference &, int64_t rank);
/// The result of the rules that keep shape and type of operand 0.
Results likeFirst(Inference &);

} // namespace jarana::onnx::shape
