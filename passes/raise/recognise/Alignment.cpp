#include "passes/raise/recognise/Alignment.h"

#include "lib/reference/operators/Support.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace jarana::reference;

namespace jarana::raise::recognise {

/// One key for all numbers that are the same.
static uint64_t keyOf(const Exact &element) {
  if (element.isFinite())
    return element.modP();
  uint64_t past = LargeField::p; // what no residue is
  return element.isNaN()             ? past
         : element.isMinusInfinite() ? past + 1
                                     : past + 2;
}

Elements::Elements(const ExactTensor &tensor) : shape(tensor.shape) {
  keys.reserve(tensor.reals.size());
  for (const Exact &element : tensor.reals) {
    uint64_t key = keyOf(element);
    if (element.isFinite() && !element.concrete()) {
      keys.push_back(key);
      drawn.insert(key);
      continue;
    }
    keys.push_back(isNumber);
    ++numbers[key];
    hasInfinities |= element.isInfinite();
  }
}

OwnValue::OwnValue(std::string name, const ExactTensor &tensor)
    : label(std::move(name)), elements(tensor) {
  for (auto [i, key] : llvm::enumerate(elements.keys)) {
    if (key == Elements::isNumber)
      continue;
    auto [place, isNew] =
        places.try_emplace(key, Place{static_cast<int64_t>(i), true});
    place->second.isUnique &= isNew;
  }
}

Relation OwnValue::relationOf(const Elements &found) const {
  if (found.drawn.empty() || places.empty())
    return Relation::Other;
  if (!llvm::all_of(found.drawn,
                    [&](uint64_t key) { return places.contains(key); })) {
    // What hides elements does not leave them to be hidden later; and what is
    // much more is another value.
    bool holdsAll = !elements.hasInfinities &&
                    places.size() < found.drawn.size() &&
                    2 * found.drawn.size() <= 3 * places.size() &&
                    llvm::all_of(
                        places,
                        [&](const auto &place) {
                          return found.drawn.contains(place.first);
                        });
    return holdsAll ? Relation::More : Relation::Other;
  }
  if (found.drawn.size() < places.size())
    return Relation::Part;
  if (!isInOrder(found))
    return Relation::Reordered;
  return hasItsNumbers(found) ? Relation::Same : Relation::Hidden;
}

/// Padding adds numbers; repeating all of it, or none, keeps their shares.
bool OwnValue::hasItsNumbers(const Elements &found) const {
  size_t own = elements.keys.size(), other = found.keys.size();
  if (other % own != 0 && own % other != 0)
    return true;
  auto times = [](const std::map<uint64_t, int64_t> &numbers, size_t factor) {
    std::map<uint64_t, int64_t> result = numbers;
    for (auto &[number, count] : result)
      count *= static_cast<int64_t>(factor);
    return result;
  };
  return times(found.numbers, own) == times(elements.numbers, other);
}

/// Along each dimension each coordinate of the own value grows; where it starts
/// again (merged dimensions), another one grows.
bool OwnValue::isInOrder(const Elements &found) const {
  const Shape &shape = elements.shape;
  Shape steps = stridesOf(found.shape);
  size_t rank = shape.size();
  Shape first(rank), last(rank), here(rank);
  auto count = static_cast<int64_t>(found.keys.size());
  std::vector<int64_t> at(found.keys.size(), -1);
  for (auto [i, key] : llvm::enumerate(found.keys))
    if (auto place = places.find(key);
        place != places.end() && place->second.isUnique)
      at[i] = place->second.first;
  auto coordinates = [&](int64_t element) {
    for (size_t d = rank; d-- > 0;) {
      here[d] = element % shape[d];
      element /= shape[d];
    }
  };
  for (size_t axis = 0; axis < found.shape.size(); ++axis) {
    int64_t extent = found.shape[axis], step = steps[axis];
    if (extent < 2)
      continue;
    for (int64_t line = 0; line < count / extent; ++line) {
      int64_t start = line / step * step * extent + line % step;
      bool begun = false;
      for (int64_t i = 0; i < extent; ++i) {
        int64_t element = at[start + i * step];
        if (element < 0)
          continue;
        coordinates(element);
        if (!begun) {
          first = last = here;
          begun = true;
          continue;
        }
        bool grows = false, falls = false;
        for (size_t d = 0; d < rank; ++d) {
          if (here[d] < first[d] || (here[d] < last[d] && here[d] != first[d]))
            return false;
          grows |= here[d] > last[d];
          falls |= here[d] < last[d];
        }
        if (falls && !grows)
          return false;
        last = here;
      }
    }
  }
  return true;
}

} // namespace jarana::raise::recognise
