#include "passes/raise/recognise/AxisOrder.h"

#include "lib/reference/operators/Support.h"

#include "llvm/ADT/STLExtras.h"

using namespace jarana::reference;

namespace jarana::raise::recognise {
namespace {

constexpr size_t mostMerged = 3;
/// Merged dimensions longer than this are not looked at.
constexpr int64_t longest = 1 << 20;

/// Whether coordinates grow together, place by place.
bool grow(llvm::ArrayRef<const std::vector<int64_t> *> all) {
  std::optional<Shape> first, last;
  Shape now(all.size());
  for (size_t place = 0; place < all[0]->size(); ++place) {
    for (auto [k, coordinates] : llvm::enumerate(all))
      now[k] = (*coordinates)[place];
    if (now[0] < 0)
      continue;
    if (!first)
      first = last = now;
    bool grows = false, falls = false;
    for (size_t k = 0; k < now.size(); ++k) {
      if (now[k] < (*first)[k] ||
          (now[k] < (*last)[k] && now[k] != (*first)[k]))
        return false;
      grows |= now[k] > (*last)[k];
      falls |= now[k] < (*last)[k];
    }
    if (falls && !grows)
      return false;
    last = now;
  }
  return true;
}

/// Whether each place that is known has another coordinate.
bool isShifted(const std::vector<int64_t> &coordinates) {
  for (auto [place, coordinate] : llvm::enumerate(coordinates))
    if (coordinate >= 0 && coordinate != static_cast<int64_t>(place))
      return true;
  return false;
}

} // namespace

int64_t AxisOrder::coordinateOf(int64_t element, size_t coordinate) const {
  for (size_t d = there.size() - 1; d > coordinate; --d)
    element /= there[d];
  return element % there[coordinate];
}

/// A coordinate by the place along dimensions that are stepped through by
/// `step`; nothing where it does not follow from it.
std::optional<AxisOrder::Coordinates>
AxisOrder::along(int64_t step, int64_t extent, size_t coordinate) const {
  Coordinates result(extent, -1);
  for (auto [place, element] : points) {
    int64_t &known = result[place / step % extent],
            found = coordinateOf(element, coordinate);
    if (known >= 0 && known != found)
      return std::nullopt;
    known = found;
  }
  return result;
}

/// Whether it is no accident that coordinates follow from places: most places
/// have been met again.
bool AxisOrder::isSure(const Coordinates &coordinates) const {
  auto known =
      llvm::count_if(coordinates, [](int64_t found) { return found >= 0; });
  return static_cast<int64_t>(points.size()) >= 2 * known;
}

bool AxisOrder::find(llvm::MutableArrayRef<std::optional<size_t>> axes) const {
  std::vector<bool> explained(there.size(), true);
  for (size_t k = 0; k < there.size() && !points.empty(); ++k) {
    int64_t first = coordinateOf(points[0].second, k);
    explained[k] = llvm::all_of(points, [&](const auto &point) {
      return coordinateOf(point.second, k) == first;
    });
  }
  std::vector<bool> varies = explained;
  varies.flip();
  Shape steps = stridesOf(here);
  // Those that surely follow one dimension, in no order.
  std::vector<bool> refused(there.size(), false);
  for (size_t merged = 1;
       merged <= mostMerged && llvm::is_contained(explained, false); ++merged) {
    for (size_t begin = 0; begin + merged <= here.size(); ++begin) {
      int64_t extent = product(here, begin, begin + merged);
      if (extent < 2 || extent > longest)
        continue;
      llvm::SmallVector<std::pair<size_t, Coordinates>> following;
      for (size_t k = 0; k < there.size(); ++k)
        if (varies[k])
          if (auto found = along(steps[begin + merged - 1], extent, k))
            following.emplace_back(k, std::move(*found));
      if (following.empty())
        continue;
      bool isOne = merged == 1 && following.size() == 1;
      llvm::SmallVector<const Coordinates *> all;
      for (const auto &[k, coordinates] : following)
        all.push_back(&coordinates);
      bool together = grow(all);
      if (isOne && there[following[0].first] == extent)
        together &= !isShifted(following[0].second);
      for (const auto &[k, coordinates] : following)
        if (together || (!isOne && grow(&coordinates)))
          explained[k] = true;
        else if (merged == 1 && isSure(coordinates))
          refused[k] = true;
      if (isOne && together)
        axes[begin] = following[0].first;
    }
    for (size_t k = 0; merged == 1 && k < there.size(); ++k)
      if (refused[k] && !explained[k])
        return false;
  }
  return !llvm::is_contained(explained, false);
}

} // namespace jarana::raise::recognise
