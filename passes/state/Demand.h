// What a derived function wants of a value of the prefill graph.
#pragma once

#include "dialects/hybrid/HybridDialect.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <string>

namespace jarana::state {

/// Which positions of the sequence an axis holds. With `past` positions seen
/// before and l new ones: index i of the axis is the position named here.
enum class Kind : uint8_t {
  Plain,   ///< no positions
  Query,   ///< the l new positions: past + i
  Context, ///< all past + l positions: i
  Last,    ///< the last position alone: past + l - 1
};

/// One axis of a value. Where positions are folded with other dimensions into
/// one axis (rows of a product: batch * sequence), each position is followed by
/// `inner` elements.
struct Axis {
  Kind kind = Kind::Plain;
  int64_t inner = 1;
  friend bool operator==(const Axis &, const Axis &) = default;
};
using Axes = llvm::SmallVector<Axis, 4>;

/// What the value is for.
enum class Use : uint8_t {
  Rows,  ///< for rows of several positions
  Tail,  ///< for the last position alone: whatever belongs to it may be read
  Check, ///< for a condition on the inputs, which each call checks for its own
};

struct Demand {
  Axes axes;
  Use use = Use::Rows;
  friend bool operator==(const Demand &, const Demand &) = default;
};

inline bool isPlain(const Axes &axes) {
  return llvm::all_of(axes, [](Axis a) { return a.kind == Kind::Plain; });
}

/// Why no functions are derived: the op, and the reason in words that follow
/// the op's name.
struct Refusal {
  mlir::Operation *op = nullptr;
  std::string reason;
};

} // namespace jarana::state
