// One element of a tensor as far as it follows from where it stands: integers
// as linear forms of indices, truth values where they are certain, floats as
// ranges. What depends on the inputs' values is unknown.
#pragma once

#include "passes/state/Sequence.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/DenseMap.h"

#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace jarana::state {

/// constant + sum of coefficient * variable; every variable is >= 0. Variables
/// from `timesLength` on are products of a variable with the length.
struct Linear {
  int64_t constant = 0;
  std::map<unsigned, int64_t> terms;
  static constexpr unsigned timesLength = 1 << 16;

  static Linear variable(unsigned id) { return {0, {{id, 1}}}; }
  /// Times the length, where that is a form with such variables.
  std::optional<Linear> byLength(const Linear &length) const;
  Linear scaled(int64_t factor) const;
  friend Linear operator+(const Linear &, const Linear &);
  friend Linear operator-(const Linear &a, const Linear &b) {
    return a + b.scaled(-1);
  }
  friend bool operator==(const Linear &, const Linear &) = default;
  /// For all values of the variables.
  bool isAtLeast(int64_t bound) const;
  bool isConstant() const { return terms.empty(); }
};

struct Element {
  std::optional<Linear> integer;
  std::optional<bool> truth;
  double low = -std::numeric_limits<double>::infinity(),
         high = std::numeric_limits<double>::infinity();
};

/// Evaluates elements of values of one function.
class Elements {
public:
  /// `length`: what s is. `noPadding`: the elements of the mask are 1, where
  /// otherwise nothing is known of them.
  Elements(Sequence &sequence, Linear length, bool noPadding = false)
      : sequence(sequence), length(std::move(length)), noPadding(noPadding) {}

  Element at(mlir::Value tensor, llvm::ArrayRef<Linear> index);
  /// A value in the body of `op`, where its loops are at `loops`.
  Element inBody(mlir::linalg::LinalgOp op, mlir::Value value,
                 llvm::ArrayRef<Linear> loops);

private:
  using Scope = llvm::DenseMap<mlir::Value, Element>;

  bool readOperands(mlir::linalg::LinalgOp op, llvm::ArrayRef<Linear> loops,
                    Scope &scope);
  Element ofLinalg(mlir::linalg::LinalgOp op, unsigned result,
                   llvm::ArrayRef<Linear> index);
  Element ofReshape(mlir::Value source, mlir::Value finest,
                    llvm::ArrayRef<mlir::ReassociationIndices> groups,
                    bool expands, llvm::ArrayRef<int64_t> finer,
                    llvm::ArrayRef<Linear> index);
  Element ofInsert(mlir::Operation *op, llvm::ArrayRef<Linear> index);
  Element ofScalar(mlir::Value value, Scope &scope,
                   llvm::ArrayRef<Linear> loops);
  std::optional<Linear> sizeOf(mlir::OpFoldResult size);

  Sequence &sequence;
  Linear length;
  bool noPadding;
  unsigned budget = 20000; ///< evaluations, as values may be shared many times
};

} // namespace jarana::state
