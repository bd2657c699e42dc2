// Builds linalg ops from letters: each dimension of a tensor is named, and a
// loop runs over each letter. Sizes are looked up by letter, static or not.
#pragma once

#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <map>

namespace mlir::hybrid {

/// A tensor in a generic op, and the letter of each of its dimensions. A digit
/// `1` is a dimension of size 1 that is read at 0; so is an upper-case letter
/// where the dimension is 1 by its type (else it is the lower-case letter).
/// `[xy]` is a dimension indexed by the sum of the loops x and y.
struct Use {
  Value value;
  std::string dims;
  AffineMap map = {};
};

/// Scalars inside a generic op; float arithmetic is f32.
struct Scalars {
  OpBuilder &b;
  Location loc;
  StringRef loops;

  Value constant(double value);
  /// To f32; from f32 to `type`.
  Value widen(Value value);
  Value narrow(Value value, Type type);
  Value add(Value x, Value y);
  Value sub(Value x, Value y);
  Value mul(Value x, Value y);
  Value div(Value x, Value y);
  Value max(Value x, Value y);
  Value exp(Value x);
  Value silu(Value x);
  Value select(Value condition, Value x, Value y);
  Value isEqual(Value x, Value y);
  /// The iteration of the loop named `loop`, as i64.
  Value index(char loop);
};

class Build {
public:
  OpBuilder &b;
  Location loc;

  Build(OpBuilder &builder, Location loc) : b(builder), loc(loc) {}

  /// Names the dimensions of `value`: letters that have no size yet get it
  /// here.
  void bind(Value value, StringRef letters);
  void bind(char letter, OpFoldResult size) { sizes[letter] = size; }
  OpFoldResult size(char letter) const { return sizes.at(letter); }
  SmallVector<OpFoldResult> shape(StringRef letters) const;

  Type f32() const { return b.getF32Type(); }
  Value empty(StringRef letters, Type type);
  Value filled(StringRef letters, double value);
  Value fill(Value init, double value);

  using Body = function_ref<SmallVector<Value>(Scalars &, ValueRange)>;
  /// A linalg.generic over `loops`, of which `reductions` are reductions. The
  /// body gets the elements of the inputs, then of the outputs.
  SmallVector<Value> generic(StringRef loops, StringRef reductions,
                             ArrayRef<Use> inputs, ArrayRef<Use> outputs,
                             Body body);
  /// With one output and no reduction.
  Value map(ArrayRef<Use> inputs, Use output,
            function_ref<Value(Scalars &, ValueRange)> body);
  /// init[...] += x * y in f32, over the loops of both.
  Value contract(StringRef loops, StringRef reductions, Use x, Use y, Use init);
  /// `value` (f32) in the type and in the place of `init`.
  Value store(Value value, Value init, StringRef letters);

  /// The part of `value` from `offset`, `size` long, along `dim`.
  Value slice(Value value, unsigned dim, OpFoldResult offset, OpFoldResult size,
              int64_t stride = 1);
  Value insert(Value part, Value into, unsigned dim, OpFoldResult offset,
               int64_t stride = 1);
  /// The position `index` of `dim`. The dimension stays, with size 1: slices
  /// that drop one of several dimensions of size 1 are ambiguous for
  /// bufferization.
  Value at(Value value, unsigned dim, OpFoldResult index) {
    return slice(value, dim, index, attr(1));
  }

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, loc, value);
  }
  Value index(OpFoldResult value) {
    return getValueOrCreateConstantIndexOp(b, loc, value);
  }
  OpFoldResult attr(int64_t value) { return b.getIndexAttr(value); }

private:
  std::map<char, OpFoldResult> sizes;
};

} // namespace mlir::hybrid
