// How large the polynomials are that an exact check compares.
#pragma once

#include "lib/reference/Tensor.h"
#include "mlir/IR/Operation.h"

namespace jarana::raise::recognise {

/// Bounds for a number as a quotient of polynomials in independently drawn
/// values: drawn residues, powers of the root of unity, hashes (docs/exact.md).
struct Degree {
  double numerator = 0;   ///< total degree
  double poles = 0;       ///< of the powers of the root in the denominator: of
                          ///< sums, the largest
  double denominator = 0; ///< total degree of the rest of it
  /// As an exponent: the sum of the (integer) factors of drawn values, where a
  /// product of drawn values counts as one.
  double terms = 0;
};

inline double totalOf(const Degree &degree) {
  return degree.numerator + degree.poles + degree.denominator;
}
Degree operator+(const Degree &, const Degree &);
Degree operator*(const Degree &, const Degree &);
Degree operator/(const Degree &, const Degree &);

/// Follows an evaluation op by op.
class DegreeTracker {
public:
  void draw(mlir::Value value, const reference::Shape &shape) {
    known[value] = {{1, 0, 0, 1}, shape};
  }
  void observe(mlir::Operation &op,
               llvm::ArrayRef<const reference::Shape *> results);
  Degree degreeOf(mlir::Value value) const;
  /// The degrees of all arguments of uninterpreted functions, added up: where
  /// two of them differ, they are equal with at most this chance over p.
  double hashed = 0;

private:
  struct Entry {
    Degree degree;
    reference::Shape shape;
  };
  Degree rule(mlir::Operation &op, const reference::Shape &result);
  const reference::Shape &shapeOf(mlir::Value value) const;
  double lastOf(mlir::Value value) const; ///< the last dimension, at least 1
  double sizeOf(mlir::Value value) const;

  llvm::DenseMap<mlir::Value, Entry> known;
};

} // namespace jarana::raise::recognise
