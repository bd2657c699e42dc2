#include "passes/raise/recognise/Alignment.h"

#include "lib/reference/operators/Support.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace jarana::reference;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::SmallVectorImpl;

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

namespace {

/// How the coordinates of an own value change along one dimension of a tensor.
class AxisOrder {
public:
  AxisOrder(const Shape &shape, int64_t extent)
      : shape(shape), extent(extent), first(shape.size()), last(shape.size()),
        here(shape.size()), changes(shape.size()), isShifted(shape.size()) {}

  /// Follows one line: at[0], at[step], ... are the numbers of the own value's
  /// elements, negative where there is none. False where they are in no order.
  bool follow(ArrayRef<int64_t> at, int64_t step) {
    bool begun = false;
    for (int64_t i = 0; i < extent; ++i) {
      int64_t element = at[i * step];
      if (element < 0)
        continue;
      for (size_t d = shape.size(); d-- > 0; element /= shape[d]) {
        here[d] = element % shape[d];
        isShifted[d] = isShifted[d] || here[d] != i;
      }
      if (!begun)
        first = last = here;
      begun = true;
      bool grows = false, falls = false;
      for (size_t d = 0; d < shape.size(); ++d) {
        if (here[d] < first[d] || (here[d] < last[d] && here[d] != first[d]))
          return false;
        grows |= here[d] > last[d];
        falls |= here[d] < last[d];
        changes[d] = changes[d] || here[d] != last[d];
      }
      if (falls && !grows)
        return false;
      last = here;
    }
    return true;
  }

  /// The only coordinate that changes on any line.
  std::optional<size_t> onlyChange() const {
    auto changed = llvm::find(changes, true);
    if (changed == changes.end() ||
        std::find(changed + 1, changes.end(), true) != changes.end())
      return std::nullopt;
    return changed - changes.begin();
  }

  /// Whether a dimension that is as long as the only one that it steps through
  /// is this one, and not shifted.
  bool isUnshifted() const {
    std::optional<size_t> d = onlyChange();
    return !d || shape[*d] != extent || !isShifted[*d];
  }

private:
  const Shape &shape;
  int64_t extent;
  Shape first, last, here;              ///< coordinates on the current line
  std::vector<bool> changes, isShifted; ///< by coordinate, on any line
};

} // namespace

/// What hides and fills: zeros, and minus infinity among scores.
static bool isPadding(uint64_t key) {
  return key == 0 || key == LargeField::p + 1;
}

Elements::Elements(const ExactTensor &tensor) : shape(tensor.shape) {
  keys.reserve(tensor.reals.size());
  for (const Exact &element : tensor.reals) {
    uint64_t key = keyOf(element);
    keys.push_back(key);
    if (element.isFinite() && !element.concrete())
      drawn.insert(key);
    else
      ++numbers[key];
  }
}

OwnValue::OwnValue(std::string name, const ExactTensor &tensor)
    : label(std::move(name)), elements(tensor) {
  for (auto [i, key] : llvm::enumerate(elements.keys)) {
    if (!elements.drawn.contains(key))
      continue;
    auto [place, isNew] =
        places.try_emplace(key, Place{static_cast<int64_t>(i), true});
    place->second.isUnique &= isNew;
  }
}

Relation OwnValue::relationOf(const Elements &found) const {
  if (elements.keys.empty() || found.keys.empty())
    return elements.keys.empty() == found.keys.empty() ? Relation::Same
                                                       : Relation::Other;
  if (places.empty() || found.drawn.empty())
    return places.empty() && found.drawn.empty() && isAsLarge(found) &&
                   hasItsNumbers(found)
               ? Relation::Same
               : Relation::Other;
  if (!llvm::all_of(found.drawn,
                    [&](uint64_t key) { return places.contains(key); }))
    return Relation::Other;
  if (found.drawn.size() < places.size())
    return Relation::Part;
  SmallVector<std::optional<size_t>> axes;
  if (!isInOrder(found, axes))
    return Relation::Reordered;
  if (std::optional<bool> same = isSameAlong(axes, found))
    return *same ? Relation::Same : Relation::Hidden;
  // Repeating all of it keeps the shares of numbers; padding adds some.
  bool same = isAsLarge(found)
                  ? hasItsNumbers(found)
                  : llvm::all_of(found.numbers, [&](const auto &each) {
                      return elements.numbers.contains(each.first) ||
                             isPadding(each.first);
                    });
  return same ? Relation::Same : Relation::Hidden;
}

/// Compares element by element where each dimension of the own value is one of
/// the tensor's, and the others repeat it; else nothing.
std::optional<bool> OwnValue::isSameAlong(ArrayRef<std::optional<size_t>> axes,
                                          const Elements &found) const {
  Shape ownSteps = stridesOf(elements.shape), steps(found.shape.size(), 0);
  std::vector<bool> met(elements.shape.size());
  for (auto [axis, own] : llvm::enumerate(axes)) {
    if (!own)
      continue;
    if (met[*own] || elements.shape[*own] != found.shape[axis])
      return std::nullopt;
    met[*own] = true;
    steps[axis] = ownSteps[*own];
  }
  for (auto [isMet, extent] : llvm::zip_equal(met, elements.shape))
    if (!isMet && extent > 1)
      return std::nullopt;
  bool same = true;
  forEach<1>(found.shape, {steps}, [&](int64_t i, auto &at) {
    same = same && found.keys[i] == elements.keys[at[0]];
  });
  return same;
}

/// Or a whole number of times larger, or smaller where the own value repeats
/// what it holds.
bool OwnValue::isAsLarge(const Elements &found) const {
  size_t own = elements.keys.size(), other = found.keys.size();
  return other % own == 0 || own % other == 0;
}

bool OwnValue::hasItsNumbers(const Elements &found) const {
  auto times = [](const std::map<uint64_t, int64_t> &numbers, size_t factor) {
    std::map<uint64_t, int64_t> result = numbers;
    for (auto &[number, count] : result)
      count *= static_cast<int64_t>(factor);
    return result;
  };
  return times(found.numbers, elements.keys.size()) ==
         times(elements.numbers, found.keys.size());
}

/// Along each dimension each coordinate of the own value grows; where it starts
/// again (merged dimensions), another one grows. `axes` gets the own value's
/// dimension that each of the tensor's steps through, where it is one.
bool OwnValue::isInOrder(const Elements &found,
                         SmallVectorImpl<std::optional<size_t>> &axes) const {
  Shape steps = stridesOf(found.shape);
  auto count = static_cast<int64_t>(found.keys.size());
  std::vector<int64_t> at(found.keys.size(), -1);
  for (auto [i, key] : llvm::enumerate(found.keys))
    if (auto place = places.find(key);
        place != places.end() && place->second.isUnique)
      at[i] = place->second.first;
  for (size_t axis = 0; axis < found.shape.size(); ++axis) {
    int64_t extent = found.shape[axis], step = steps[axis];
    AxisOrder order(elements.shape, extent);
    for (int64_t line = 0; extent > 1 && line < count / extent; ++line)
      if (!order.follow(ArrayRef(at).drop_front(line / step * step * extent +
                                                line % step),
                        step))
        return false;
    if (!order.isUnshifted())
      return false;
    axes.push_back(order.onlyChange());
  }
  return true;
}

} // namespace jarana::raise::recognise
