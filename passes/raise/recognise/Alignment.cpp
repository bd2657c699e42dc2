#include "passes/raise/recognise/Alignment.h"

#include "lib/reference/operators/Support.h"
#include "passes/raise/recognise/AxisOrder.h"

#include "llvm/ADT/STLExtras.h"

using namespace jarana::reference;

namespace jarana::raise::recognise {
namespace {

/// Of numbers that are no residues.
constexpr uint64_t notANumber = LargeField::p,
                   minusInfinite = LargeField::p + 1,
                   plusInfinite = LargeField::p + 2;

uint64_t keyOf(const Exact &element) {
  if (element.isFinite())
    return element.modP();
  return element.isNaN()             ? notANumber
         : element.isMinusInfinite() ? minusInfinite
                                     : plusInfinite;
}

/// Numbers that are counted in tensors of any size.
bool isCommon(uint64_t key) { return key < 2 || key >= LargeField::p; }

/// What hides and fills: zeros, and minus infinity among scores.
bool isPadding(uint64_t key) { return key == 0 || key == minusInfinite; }

bool isMultiple(uint64_t residue, uint64_t powerOfTwo) {
  return (residue & (powerOfTwo - 1)) == 0;
}

} // namespace

Elements::Elements(const ExactTensor &tensor)
    : shape(tensor.shape), size(static_cast<int64_t>(tensor.reals.size())) {
  for (int64_t i = 0; i < size; ++i)
    add(i, tensor.reals[i]);
  if (tensor.reals.size() <= mostKept)
    for (const Exact &element : tensor.reals)
      keys.push_back(keyOf(element));
}

void Elements::add(int64_t element, const Exact &value) {
  uint64_t key = keyOf(value);
  if (isCommon(key)) {
    ++numbers[key];
    return;
  }
  if (!isMultiple(key, rarity))
    return;
  if (!drawn.contains(key)) {
    if (value.concrete()) {
      ++numbers[key];
      return;
    }
    drawn.insert(key);
  }
  if (isMultiple(mixed(element), placeRarity))
    places.emplace_back(element, key);
  if (drawn.size() > mostKept || places.size() > mostPlaces)
    thinOut();
}

void Elements::thinOut() {
  while (drawn.size() > mostKept) {
    rarity *= 2;
    llvm::DenseSet<uint64_t> kept;
    for (uint64_t key : drawn)
      if (isMultiple(key, rarity))
        kept.insert(key);
    drawn = std::move(kept);
  }
  auto drop = [&] {
    llvm::erase_if(places, [&](const auto &place) {
      return !isMultiple(place.second, rarity) ||
             !isMultiple(mixed(place.first), placeRarity);
    });
  };
  drop();
  while (places.size() > mostPlaces) {
    placeRarity *= 2;
    drop();
  }
}

bool Elements::append(const Elements &next) {
  if (!isStack)
    shape.insert(shape.begin(), 1);
  isStack = true;
  if (Shape(shape.begin() + 1, shape.end()) != next.shape)
    return false;
  ++shape.front();
  rarity = std::max(rarity, next.rarity);
  placeRarity = std::max(placeRarity, next.placeRarity);
  for (uint64_t key : next.drawn)
    drawn.insert(key);
  for (auto [element, key] : next.places)
    places.emplace_back(size + element, key);
  for (auto [number, count] : next.numbers)
    numbers[number] += count;
  keys.insert(keys.end(), next.keys.begin(), next.keys.end());
  size += next.size;
  if (keys.size() != static_cast<size_t>(size))
    keys.clear();
  for (uint64_t key : llvm::to_vector(drawn))
    if (!isMultiple(key, rarity))
      drawn.erase(key);
  thinOut();
  return true;
}

OwnValue::OwnValue(std::string name, const ExactTensor &tensor)
    : label(std::move(name)), elements(tensor) {
  for (auto [element, key] : elements.places) {
    // Where places are left out, each element has many.
    auto [place, isNew] =
        byResidue.try_emplace(key, Place{element, elements.placeRarity == 1});
    place->second.isUnique &= isNew;
  }
}

double OwnValue::count() const {
  return static_cast<double>(elements.rarity) *
         static_cast<double>(elements.drawn.size());
}

bool OwnValue::isZero() const {
  return elements.holdsNumbersOnly() &&
         llvm::all_of(elements.numbers,
                      [](const auto &each) { return each.first == 0; });
}

Relation OwnValue::relationOf(const Elements &found) const {
  if (elements.size == 0 || found.size == 0)
    return elements.size == found.size ? Relation::Same : Relation::Other;
  bool isAsLarge =
      found.size % elements.size == 0 || elements.size % found.size == 0;
  if (elements.holdsNumbersOnly() || found.holdsNumbersOnly())
    return elements.holdsNumbersOnly() && found.holdsNumbersOnly() &&
                   isAsLarge && hasItsNumbers(found)
               ? Relation::Same
               : Relation::Other;
  // Both samples are looked at as the sparser one is.
  uint64_t rarity = std::max(elements.rarity, found.rarity);
  auto kept = [&](uint64_t key) { return isMultiple(key, rarity); };
  int64_t met = 0;
  for (uint64_t key : found.drawn) {
    if (!kept(key))
      continue;
    if (!elements.drawn.contains(key))
      return Relation::Other;
    ++met;
  }
  if (met == 0)
    return Relation::Other;
  if (met < (rarity == elements.rarity
                 ? static_cast<int64_t>(elements.drawn.size())
                 : llvm::count_if(elements.drawn, kept)))
    return Relation::Part;
  Axes axes(found.shape.size());
  if (!isInOrder(found, axes))
    return Relation::Reordered;
  if (std::optional<bool> same = isSameAlong(axes, found))
    return *same ? Relation::Same : Relation::Hidden;
  // Repeating all of it keeps the shares of numbers; padding adds some.
  bool same = isAsLarge
                  ? hasItsNumbers(found)
                  : llvm::all_of(found.numbers, [&](const auto &each) {
                      return elements.numbers.contains(each.first) ||
                             isPadding(each.first) ||
                             (elements.rarity > 1 && !isCommon(each.first));
                    });
  return same ? Relation::Same : Relation::Hidden;
}

/// Compares element by element where each dimension of the own value is one of
/// the tensor's, and the others repeat it; else nothing.
std::optional<bool> OwnValue::isSameAlong(const Axes &axes,
                                          const Elements &found) const {
  if (elements.keys.empty() || found.keys.empty())
    return std::nullopt;
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

bool OwnValue::hasItsNumbers(const Elements &found) const {
  bool all = elements.rarity == 1 && found.rarity == 1;
  auto times = [&](const std::map<uint64_t, int64_t> &numbers, int64_t factor) {
    std::map<uint64_t, int64_t> result;
    for (auto [number, count] : numbers)
      if (all || isCommon(number))
        result[number] = count * factor;
    return result;
  };
  return times(found.numbers, elements.size) ==
         times(elements.numbers, found.size);
}

bool OwnValue::isInOrder(const Elements &found, Axes &axes) const {
  AxisOrder order(found.shape, elements.shape);
  for (auto [element, key] : found.places)
    if (auto place = byResidue.find(key);
        place != byResidue.end() && place->second.isUnique)
      order.add(element, place->second.first);
  return order.find(axes);
}

} // namespace jarana::raise::recognise
