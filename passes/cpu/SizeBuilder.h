// Computations of sizes from the dimensions of the inputs.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

#include <map>
#include <vector>

namespace jarana::cpu {

/// Computes sizes of buffers at the start of an entry block, from nothing but
/// dimensions of its arguments. Equal sizes are one value.
class SizeBuilder {
public:
  /// Inserts where `builder` stands, which must be the start of `entry`.
  SizeBuilder(mlir::OpBuilder &builder, mlir::Block &entry)
      : builder(builder), entry(entry) {}

  /// The bytes of the buffer, rounded up. Fails, with an error at the op, where
  /// a dimension depends on values that are only known while the model runs.
  mlir::FailureOr<mlir::Value> bytes(mlir::memref::AllocOp alloc,
                                     int64_t alignment);
  mlir::Value constant(mlir::Location loc, int64_t value);

private:
  mlir::FailureOr<mlir::Value> atEntry(mlir::Value value);
  /// The most that a dimension can be whose value depends on data, where it is
  /// bounded: max(min(data, bound), 0) and what is computed from that.
  mlir::FailureOr<mlir::Value> bound(mlir::Value value);
  /// Whether it is never negative.
  static bool isCount(mlir::Value value);
  mlir::Value multiply(mlir::Location loc, mlir::Value a, mlir::Value b);

  mlir::OpBuilder &builder;
  mlir::Block &entry;
  mlir::DenseMap<mlir::Value, mlir::Value> moved;
  mlir::DenseMap<int64_t, mlir::Value> constants;
  /// Sizes by what they are the product of, so that equal ones are one value.
  std::map<std::vector<void *>, mlir::Value> products;
  /// Structurally equal computations, so that they are made once.
  std::map<std::vector<const void *>, mlir::Value> computed;
};

/// Copies the pure computation of `value` to the builder's position;
/// `dimension` gives what stands for a dimension of an argument.
mlir::Value
cloneSizes(mlir::OpBuilder &builder, mlir::Value value,
           mlir::IRMapping &mapping,
           llvm::function_ref<mlir::Value(mlir::memref::DimOp)> dimension);

} // namespace jarana::cpu
