#include "passes/raise/recognise/Randomly.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

using namespace jarana::reference;

namespace jarana::raise::recognise {
namespace {

/// The distributions of <random> differ between libraries; this does not.
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(engine() >> 11) * 0x1p-53;
  }
  /// The sum of four uniform numbers, which has nearly the normal distribution
  /// and costs a tenth of it.
  double normal() {
    uint64_t bits = engine();
    double sum = 0;
    for (int part = 0; part < 4; ++part, bits >>= 16)
      sum += static_cast<double>(bits & 0xffff) * 0x1p-16 - 0.5;
    return sum * std::numbers::sqrt3;
  }

private:
  std::mt19937_64 engine;
};

/// Of three rows one begins with zeros (half of it) and has some more, one has
/// some anywhere, one has none.
void fillMask(Tensor &mask, Random &random) {
  int64_t width = mask.rank() > 0 ? mask.shape.back() : 1;
  bool real = isFloat(mask.dtype);
  int64_t rows = width > 0 ? mask.size() / width : 0;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < width; ++i) {
      bool padding = row % 3 == 0 && i < width / 2,
           hole = row % 3 < 2 && width > 1 && random.uniform(0, 1) < 0.2,
           one = !padding && !hole;
      if (real)
        mask.reals[row * width + i] = one;
      else
        mask.ints[row * width + i] = one;
    }
}

double draw(Random &random, Fill fill, double decayScale) {
  switch (fill) {
  case Fill::Decay:
    return decayScale * random.uniform(-0.5, -0.01);
  case Fill::Positive:
    return random.uniform(0.05, 1.5);
  case Fill::Wide:
    return random.normal() * std::pow(10, random.uniform(-2, 2));
  default:
    return random.normal();
  }
}

} // namespace

Tensor randomTensor(DType dtype, Shape shape, Fill fill, int64_t chunk,
                    uint64_t seed) {
  Tensor tensor(dtype, std::move(shape));
  Random random(seed);
  if (fill == Fill::Mask) {
    fillMask(tensor, random);
    return tensor;
  }
  if (fill == Fill::Rows) {
    int64_t width = tensor.rank() > 0 ? tensor.shape.back() : 1;
    double scale = 1;
    for (size_t i = 0; i < tensor.reals.size(); ++i) {
      if (i % static_cast<size_t>(width) == 0)
        scale = std::pow(10, random.uniform(-4, 1));
      tensor.reals[i] = roundTo(dtype, scale * random.normal());
    }
    return tensor;
  }
  // A chunk multiplies the state by exp(-1) or so.
  double decayScale = std::min(1.0, 4.0 / static_cast<double>(chunk + 1));
  int64_t width = tensor.rank() > 0 ? tensor.shape.back() : 1, position = 0;
  double rowScale = 1;
  for (double &value : tensor.reals) {
    if (fill == Fill::Rows && position++ % width == 0)
      rowScale = std::pow(10, random.uniform(-4, 1));
    value = roundTo(dtype, rowScale * draw(random, fill, decayScale));
  }
  int64_t most = dtype == DType::boolean ? 2
                 : tensor.rank() > 0 ? std::max<int64_t>(tensor.shape.back(), 1)
                                     : 2;
  for (int64_t &value : tensor.ints)
    value = std::min(most - 1, static_cast<int64_t>(random.uniform(
                                   0, static_cast<double>(most))));
  return tensor;
}

} // namespace jarana::raise::recognise
