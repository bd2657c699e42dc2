// In which order a tensor holds the elements of another one.
#pragma once

#include "lib/reference/Tensor.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace jarana::raise::recognise {

/// Looks for an order that transposing, repeating, padding, cutting, merging
/// and splitting dimensions explains: each coordinate of an element in the
/// other tensor follows from its place along a dimension of this one, or along
/// up to three neighbouring ones, and grows with it. Where a coordinate starts
/// again, as in merged dimensions, another one grows. A dimension that is as
/// long as the only one that it steps through is this one, not shifted.
class AxisOrder {
public:
  AxisOrder(const reference::Shape &here, const reference::Shape &there)
      : here(here), there(there) {}

  /// The element `place` of this tensor is `element` of the other one, both in
  /// row-major order.
  void add(int64_t place, int64_t element) {
    points.emplace_back(place, element);
  }

  /// False where there is no such order. axes[d] gets the dimension of the
  /// other tensor that d alone steps through, where it is one.
  bool find(llvm::MutableArrayRef<std::optional<size_t>> axes) const;

private:
  using Coordinates = std::vector<int64_t>; ///< by place; -1: not known
  std::optional<Coordinates> along(int64_t step, int64_t extent,
                                   size_t coordinate) const;
  bool isSure(const Coordinates &coordinates) const;
  int64_t coordinateOf(int64_t element, size_t coordinate) const;

  const reference::Shape &here, &there;
  std::vector<std::pair<int64_t, int64_t>> points;
};

} // namespace jarana::raise::recognise
