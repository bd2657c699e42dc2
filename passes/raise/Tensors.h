// Builds linalg and tensor operations on tensors whose dimensions are symbolic.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/raise/Dims.h"
#include "llvm/ADT/SmallVector.h"

namespace jarana::raise {

/// A tensor of the function being built. Its type is static exactly where the
/// (simplified) dimension is a number.
struct Tensor {
  mlir::Value value;
  Shape shape;

  explicit operator bool() const { return static_cast<bool>(value); }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  mlir::Type elementType() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType()).getElementType();
  }
  /// The dimension counted from the end for negative `axis`.
  const Expr &dim(int64_t axis) const {
    return shape[static_cast<size_t>(axis < 0 ? axis + rank() : axis)];
  }
};

/// The scalar computation of one element. Floats narrower than f32 arrive as
/// f32, and a result that is wider than the tensor's elements is rounded.
using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                            mlir::ValueRange)>;

class TensorBuilder {
public:
  TensorBuilder(mlir::OpBuilder &builder, symbolic::Context &context,
                DimMaterializer &dims)
      : b(builder), context(context), dims(dims), loc(builder.getUnknownLoc()) {
  }

  mlir::OpBuilder &b;
  symbolic::Context &context;
  DimMaterializer &dims;
  mlir::Location loc; ///< of every op that is made

  // Shapes.
  mlir::RankedTensorType type(const Shape &shape, mlir::Type element);
  Shape simplified(const Shape &shape);
  bool isOne(const Expr &expr) { return context.simplify(expr).isConstant(1); }
  /// Whether a dimension is known to be 0.
  bool isNothing(const Shape &shape) {
    return llvm::any_of(shape, [&](const Expr &dim) {
      return context.simplify(dim).isConstant(0);
    });
  }
  bool same(const Expr &lhs, const Expr &rhs) {
    return context.proveEqual(lhs, rhs);
  }
  Expr product(llvm::ArrayRef<Expr> dims);
  mlir::Value index(const Expr &expr) { return dims.index(b, expr); }
  mlir::OpFoldResult size(const Expr &expr) { return dims.fold(b, expr); }
  llvm::SmallVector<mlir::OpFoldResult> sizes(const Shape &shape);

  // Making tensors.
  Tensor empty(const Shape &shape, mlir::Type element);
  Tensor fill(const Shape &shape, mlir::Value scalar);
  Tensor zeros(const Shape &shape, mlir::Type element);
  Tensor constant(mlir::DenseElementsAttr value);
  mlir::Value scalar(mlir::Type type,
                     double number); ///< an arith.constant, of any number type

  // Views and movement. A shape that is not provably the same number of
  // elements is taken as such (it has been checked).
  Tensor castShape(Tensor input, const Shape &shape);
  Tensor reshape(Tensor input, const Shape &shape);
  Tensor transpose(Tensor input, llvm::ArrayRef<int64_t> permutation);
  Tensor slice(Tensor input, llvm::ArrayRef<Expr> offsets, const Shape &sizes,
               llvm::ArrayRef<int64_t> strides = {});
  /// `input` cut to [offset, offset + size) along one axis.
  Tensor sliceAxis(Tensor input, int64_t axis, const Expr &offset,
                   const Expr &size);
  Tensor insert(Tensor source, Tensor destination,
                llvm::ArrayRef<Expr> offsets);
  Tensor concat(llvm::ArrayRef<Tensor> inputs, int64_t axis,
                const Shape &shape);
  /// Numpy's broadcasting, to a shape of at least the same rank.
  Tensor broadcast(Tensor input, const Shape &shape);

  // Computing.
  Tensor elementwise(llvm::ArrayRef<Tensor> inputs, const Shape &shape,
                     mlir::Type element, Body body);
  /// The same without the conversions of float types.
  Tensor elementwiseRaw(llvm::ArrayRef<Tensor> inputs, const Shape &shape,
                        mlir::Type element, Body body);
  /// Each element from its indices (linalg.index of each loop) and the inputs'
  /// elements, broadcast as in elementwise. The body may read other tensors
  /// with tensor.extract.
  Tensor
  generate(llvm::ArrayRef<Tensor> inputs, const Shape &shape,
           mlir::Type element,
           llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                          mlir::ValueRange indices,
                                          mlir::ValueRange elements)>
               body);
  /// Folds `axes` with `combine(accumulator, element)`, in `accumulator` type.
  /// Reduced dimensions become 1 where `keep`.
  Tensor reduce(Tensor input, llvm::ArrayRef<int64_t> axes, bool keep,
                mlir::Value initial, Body combine);
  Tensor convert(Tensor input, mlir::Type element, bool isUnsigned = false);
  /// sum over the loops absent from `output` of the product of the inputs;
  /// `subscripts` gives the loop of each dimension, -1 for one that is
  /// broadcast. Sums are f32 (i32, i64 for integers); result elements as asked.
  Tensor contract(llvm::ArrayRef<Tensor> inputs,
                  llvm::ArrayRef<llvm::SmallVector<int>> subscripts,
                  llvm::ArrayRef<int> output, const Shape &loops,
                  mlir::Type element);
  /// [m,k] x [k,n], as linalg.matmul; or with one batch dimension, as
  /// linalg.batch_matmul.
  Tensor matmul(Tensor lhs, Tensor rhs, mlir::Type element);

  /// The scalar that every element of the tensor is, where it was made from
  /// one.
  mlir::Value splatOf(mlir::Value tensor, mlir::OpBuilder &at);

  mlir::Type computeType(mlir::Type element); ///< f32 for narrower floats
  mlir::Value toCompute(mlir::OpBuilder &at, mlir::Value value);
  mlir::Value toElement(mlir::OpBuilder &at, mlir::Value value,
                        mlir::Type element);

private:
  mlir::AffineMap broadcastMap(const Tensor &input, const Shape &shape);
};

/// A conversion between number types as ONNX's Cast does it.
mlir::Value convertScalar(mlir::OpBuilder &b, mlir::Location loc,
                          mlir::Value value, mlir::Type to, bool fromUnsigned,
                          bool toUnsigned);

} // namespace jarana::raise
