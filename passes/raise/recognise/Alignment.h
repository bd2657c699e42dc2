// Whether a tensor of the graph holds an operator's own value, whatever its
// shape and layout.
#pragma once

#include "lib/reference/Exact.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"

#include <map>
#include <optional>

namespace jarana::raise::recognise {

/// How a tensor stands to an operator's own value, the nearest first.
enum class Relation {
  Same, ///< its elements in its order: moved, repeated, padded with numbers
  Reordered, ///< its elements in another order
  Hidden,    ///< its elements, with numbers (0, -inf, ...) in other places
  Part,      ///< some of its elements
  Other      ///< elements that it does not have
};

/// The elements of a tensor. A drawn residue names its element; numbers of the
/// model, infinities and NaN do not, and count only by how many there are.
struct Elements {
  explicit Elements(const reference::ExactTensor &tensor);

  reference::Shape shape;
  std::vector<uint64_t> keys;     ///< of all: residues modulo p, or special
  llvm::DenseSet<uint64_t> drawn; ///< those of `keys`
  std::map<uint64_t, int64_t> numbers; ///< how often each occurs
};

/// An operator's own value, prepared for looking up its elements.
class OwnValue {
public:
  OwnValue(std::string name, const reference::ExactTensor &tensor);

  /// "the running sums of the decay in each chunk"
  const std::string &name() const { return label; }
  size_t count() const { return places.size(); } ///< different drawn elements
  /// Whether it is nothing but zeros, which are everywhere.
  bool isZero() const {
    return places.empty() && elements.numbers.size() < 2 &&
           elements.numbers.contains(0);
  }
  Relation relationOf(const Elements &found) const;

private:
  bool isInOrder(const Elements &found,
                 llvm::SmallVectorImpl<std::optional<size_t>> &axes) const;
  std::optional<bool> isSameAlong(llvm::ArrayRef<std::optional<size_t>> axes,
                                  const Elements &found) const;
  bool isAsLarge(const Elements &found) const;
  bool hasItsNumbers(const Elements &found) const;

  std::string label;
  Elements elements;
  struct Place {
    int64_t first; ///< the element's number in row-major order
    bool isUnique;
  };
  llvm::DenseMap<uint64_t, Place> places; ///< by key
};

} // namespace jarana::raise::recognise
