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
/// model, infinities and NaN do not, and count only by how many there are. Of
/// large tensors a sample is kept: the residues that are multiples of a power
/// of two, so that the samples of two tensors hold the same elements.
class Elements {
public:
  explicit Elements(const reference::ExactTensor &tensor);

  bool holdsNumbersOnly() const { return drawn.empty(); }
  /// Puts a tensor of the same shape behind this one, along a new dimension in
  /// front that all of them share. False where it has another shape.
  bool append(const Elements &next);

private:
  friend class OwnValue;
  /// What is kept of a tensor: different elements, and places of any.
  static constexpr size_t mostKept = 1 << 15, mostPlaces = 1 << 17;

  void add(int64_t element, const reference::Exact &value);
  void thinOut();

  reference::Shape shape;
  int64_t size = 0;
  bool isStack = false; ///< its first dimension is append's
  /// Residues modulo p are kept where they are multiples of it, and places
  /// where their hash is one of the other.
  uint64_t rarity = 1, placeRarity = 1;
  llvm::DenseSet<uint64_t> drawn;                   ///< residues
  std::vector<std::pair<int64_t, uint64_t>> places; ///< element, residue
  std::map<uint64_t, int64_t> numbers; ///< how often each occurs, by its key
  std::vector<uint64_t> keys;          ///< of all elements of a small tensor
};

/// An operator's own value, prepared for looking up its elements.
class OwnValue {
public:
  OwnValue(std::string name, const reference::ExactTensor &tensor);

  /// "the running sums of the decay in each chunk"
  const std::string &name() const { return label; }
  /// Roughly how many different elements it has.
  double count() const;
  /// Whether it is nothing but zeros, which are everywhere.
  bool isZero() const;
  Relation relationOf(const Elements &found) const;

private:
  /// An own value's dimension for each of a tensor's, where it is one.
  using Axes = llvm::SmallVector<std::optional<size_t>>;
  bool isInOrder(const Elements &found, Axes &axes) const;
  std::optional<bool> isSameAlong(const Axes &axes,
                                  const Elements &found) const;
  bool hasItsNumbers(const Elements &found) const;

  std::string label;
  Elements elements;
  struct Place {
    int64_t first; ///< the element's number in row-major order
    bool isUnique;
  };
  llvm::DenseMap<uint64_t, Place> byResidue;
};

} // namespace jarana::raise::recognise
