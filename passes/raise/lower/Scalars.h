// Scalar arithmetic for the bodies of elementwise operations.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Builders.h"

namespace jarana::raise {

/// Arithmetic on scalars of one type at one place; floats, or integers with the
/// signedness of the ONNX type.
class Scalars {
public:
  using Value = mlir::Value;
  Scalars(mlir::OpBuilder &b, mlir::Location loc, bool isUnsigned = false)
      : b(b), loc(loc), isUnsigned(isUnsigned) {}

  Value number(mlir::Type type, double value);
  Value add(Value lhs, Value rhs);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  /// Integers: rounded to zero; a divisor of 0 gives the dividend (operators
  /// check for it), and the least integer by -1 itself.
  Value div(Value lhs, Value rhs);
  /// ONNX Mod without fmod: the sign of the divisor.
  Value floorMod(Value lhs, Value rhs);
  Value truncMod(Value lhs, Value rhs); ///< the sign of the dividend
  Value min(Value lhs, Value rhs);      ///< NaN where one of them is
  Value max(Value lhs, Value rhs);
  Value neg(Value value);
  Value abs(Value value);
  Value less(Value lhs, Value rhs);
  Value greater(Value lhs, Value rhs);
  Value equal(Value lhs, Value rhs);
  Value lessEqual(Value lhs, Value rhs);
  Value select(Value condition, Value yes, Value no);
  Value exp(Value value);
  Value sigmoid(Value value);
  /// The same with half the error for positive values, where 1 / (1 + e) keeps
  /// no more digits of e = exp(-x) than 1 + e does: there it is 1 - e / (1 +
  /// e).
  Value preciseSigmoid(Value value);
  Value tanh(Value value);
  Value softplus(Value value); ///< log(1 + exp(x)), without overflow
  Value isNan(Value value);

private:
  Value nonZero(Value divisor);
  mlir::OpBuilder &b;
  mlir::Location loc;
  bool isUnsigned;
};

} // namespace jarana::raise
