#include "lib/reference/Unknowns.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/BLAKE3.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace jarana::reference {
namespace {

bool isOrdinary(double number) {
  double size = std::fabs(number);
  return size >= 0x1p-40 && size <= 0x1p40; // not NaN either
}

bool isSame(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

/// Whether the elements are the same along an axis; `inner` of them lie between
/// neighbours.
bool isSameAlong(const Tensor &tensor, int64_t size, int64_t inner) {
  const std::vector<double> &reals = tensor.reals;
  for (size_t i = 0; i + inner < reals.size(); ++i)
    if (static_cast<int64_t>(i) / inner % size != size - 1 &&
        !isSame(reals[i], reals[i + inner]))
      return false;
  return true;
}

} // namespace

Unknowns unknownsOf(const Tensor &tensor) {
  const std::vector<double> &reals = tensor.reals;
  if (!isFloat(tensor.dtype) || reals.empty() ||
      llvm::all_of(reals, [&](double real) { return isSame(real, reals[0]); }))
    return {};
  Unknowns unknowns;
  unknowns.of.reserve(reals.size());
  for (size_t i = 0; i < reals.size(); ++i)
    unknowns.of.push_back(static_cast<int64_t>(i));
  int64_t inner = 1;
  for (int64_t size : llvm::reverse(tensor.shape)) {
    if (size > 1 && isSameAlong(tensor, size, inner))
      for (int64_t &of : unknowns.of)
        of -= of / inner % size * inner;
    inner *= size;
  }
  bool any = false;
  for (auto [of, real] : llvm::zip_equal(unknowns.of, reals)) {
    if (!isOrdinary(real))
      of = Unknowns::none;
    any |= of != Unknowns::none;
  }
  return any ? unknowns : Unknowns();
}

std::string digestOf(const Tensor &tensor) {
  llvm::BLAKE3 hash;
  auto add = [&](const auto &elements) {
    hash.update(llvm::ArrayRef<uint8_t>(
        reinterpret_cast<const uint8_t *>(elements.data()),
        elements.size() * sizeof elements[0]));
  };
  isFloat(tensor.dtype) ? add(tensor.reals) : add(tensor.ints);
  auto bytes = hash.final();
  return {bytes.begin(), bytes.end()};
}

ExactTensor drawnByPlace(const Tensor &tensor, uint64_t seed) {
  ExactTensor result(tensor.dtype, tensor.shape);
  result.ints = tensor.ints;
  Unknowns unknowns = unknownsOf(tensor);
  uint64_t first = 0;
  if (!unknowns.of.empty())
    std::memcpy(&first, digestOf(tensor).data(), sizeof first);
  first = mixed(first ^ mixed(seed));
  for (size_t i = 0; i < tensor.reals.size(); ++i)
    result.reals[i] =
        unknowns.of.empty() || unknowns.of[i] == Unknowns::none
            ? Exact(tensor.reals[i])
            : Exact::drawn(first + static_cast<uint64_t>(unknowns.of[i]));
  return result;
}

} // namespace jarana::reference
