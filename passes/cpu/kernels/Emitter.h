// Builds the code of kernels: index arithmetic, loops, vectors, threads.
#pragma once

#include "passes/cpu/kernels/TargetInfo.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace jarana::cpu {

/// Some lanes of a vector: all, or those that `mask` has set (null: all).
struct Lanes {
  int64_t count;
  mlir::Value mask = {};
};

/// An op builder for kernels. Floating-point values are f32, scalars or
/// vectors of `target.lanes()` lanes; memory may hold f16 or bf16, converted
/// where it is loaded and stored, or signed integers, where it is loaded.
class Emitter : public mlir::ImplicitLocOpBuilder {
public:
  using Value = mlir::Value;
  using ValueRange = mlir::ValueRange;
  using Values = llvm::SmallVector<Value>;

  Emitter(mlir::Location loc, mlir::OpBuilder &builder,
          const TargetInfo &target)
      : ImplicitLocOpBuilder(loc, builder), target(target) {}

  const TargetInfo &target;

  // Indices. Constants are folded.
  Value index(int64_t value);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value add(Value x, int64_t y) { return add(x, index(y)); }
  Value mul(Value x, int64_t y) { return mul(x, index(y)); }
  Value div(Value x, Value y); ///< both not negative
  Value rem(Value x, Value y); ///< both not negative
  Value min(Value x, Value y);
  Value max(Value x, Value y);
  Value compare(mlir::arith::CmpIPredicate predicate, Value x, Value y);
  Value less(Value x, Value y);
  Value equal(Value x, int64_t y);
  Value dim(Value memref, int64_t dimension);
  Values dims(Value memref);

  // Control flow.
  using LoopBody = llvm::function_ref<Values(Value iv, ValueRange carried)>;
  /// for (iv = lower; iv < upper; iv += step), carrying values from iteration
  /// to iteration.
  Values loop(Value lower, Value upper, int64_t step, ValueRange init,
              LoopBody body);
  void loop(Value lower, Value upper, int64_t step,
            llvm::function_ref<void(Value iv)> body);
  void branch(Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise = {});
  Values select(Value condition, mlir::TypeRange types,
                llvm::function_ref<Values()> then,
                llvm::function_ref<Values()> otherwise);
  /// The part of the threads' team that this thread does: items [first, last)
  /// of `count`. `work` is the cost of all in multiply-adds; little work stays
  /// on one thread.
  void parallel(Value count, Value work,
                llvm::function_ref<void(Value first, Value last)> body);
  /// The index of each dimension of `sizes` for position `linear` in row-major
  /// order.
  Values delinearize(Value linear, ValueRange sizes);

  /// Goes through [lower, upper) in whole vectors, then once with a mask for
  /// the rest, if there can be one.
  Values vectorLoop(
      Value lower, Value upper, ValueRange init,
      llvm::function_ref<Values(Value iv, Lanes lanes, ValueRange carried)>
          body);
  void vectorLoop(Value lower, Value upper,
                  llvm::function_ref<void(Value iv, Lanes lanes)> body);

  // Memory. Lanes beyond the mask are loaded as 0.
  mlir::VectorType vectorType(int64_t lanes);
  mlir::VectorType vectorType() { return vectorType(target.lanes()); }
  Value load(Value memref, ValueRange indices, Lanes lanes);
  Value load(Value memref, ValueRange indices) {
    return load(memref, indices, Lanes{target.lanes()});
  }
  void store(Value vector, Value memref, ValueRange indices, Lanes lanes);
  void store(Value vector, Value memref, ValueRange indices) {
    store(vector, memref, indices, Lanes{target.lanes()});
  }
  Value loadScalar(Value memref, ValueRange indices);
  void storeScalar(Value scalar, Value memref, ValueRange indices);
  void prefetch(Value memref, ValueRange indices);
  /// A buffer on the stack; sizes are known. f32 where no type is given.
  Value scratch(llvm::ArrayRef<int64_t> shape, mlir::Type element = {});
  /// The vector with 0 in the lanes beyond the mask.
  Value keep(Value vector, Lanes lanes);
  /// Lanes [0, count) of a vector.
  Lanes firstLanes(Value count);

  // Floating point, scalars or vectors.
  Value real(double value); ///< scalar
  Value splat(Value scalar);
  Value splat(double value);
  Value fadd(Value x, Value y);
  Value fsub(Value x, Value y);
  Value fmul(Value x, Value y);
  Value fdiv(Value x, Value y);
  Value fmax(Value x, Value y); ///< a NaN on either side gives NaN
  /// x * y + z, in one instruction where the target has one.
  Value mulAdd(Value x, Value y, Value z);
  Value exp(Value x);
  Value silu(Value x);
  Value sum(Value vector);     ///< of all lanes
  Value maximum(Value vector); ///< of all lanes

private:
  Value convertToF32(Value value);
  Value convertFromF32(Value value, mlir::Type element);
};

} // namespace jarana::cpu
