#include "runtime/Sampling.h"
#include "runtime/Status.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

namespace jarana::runtime {
namespace {

float fromHalf(uint16_t bits) {
  uint32_t sign = uint32_t(bits >> 15) << 31, exponent = bits >> 10 & 31,
           fraction = bits & 1023;
  if (exponent == 0) // zero or subnormal: fraction * 2^-24
    return std::bit_cast<float>(
        sign | std::bit_cast<uint32_t>(float(fraction) * 0x1p-24f));
  exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | exponent << 23 | fraction << 13);
}

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
/// generators, OOPSLA 2014): a counter in, random bits out.
uint64_t mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  return z ^ z >> 31;
}

} // namespace

float floatAt(jarana_dtype dtype, const void *data, int64_t index) {
  switch (dtype) {
  case JARANA_FLOAT32:
    return static_cast<const float *>(data)[index];
  case JARANA_FLOAT64:
    return static_cast<float>(static_cast<const double *>(data)[index]);
  case JARANA_FLOAT16:
    return fromHalf(static_cast<const uint16_t *>(data)[index]);
  case JARANA_BFLOAT16:
    return std::bit_cast<float>(
        uint32_t(static_cast<const uint16_t *>(data)[index]) << 16);
  default:
    refuse("logits must be a float type");
  }
}

int64_t sample(std::span<const float> logits, const jarana_sampling &options,
               uint64_t draw) {
  if (!(options.temperature >= 0) || std::isinf(options.temperature))
    refuse("temperature must be finite and not negative");
  if (!(options.top_p > 0 && options.top_p <= 1))
    refuse("top_p must be in (0, 1]");
  if (logits.empty())
    refuse("the model has an empty vocabulary");
  if (std::any_of(logits.begin(), logits.end(),
                  [](float value) { return std::isnan(value); }))
    refuse("a logit is not a number");
  auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
  if (options.temperature == 0 || std::isinf(logits[best]))
    return best;

  std::vector<double> weight(logits.size());
  for (size_t i = 0; i < logits.size(); ++i)
    weight[i] =
        std::exp((double(logits[i]) - logits[best]) / options.temperature);
  std::vector<int64_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  double total = std::accumulate(weight.begin(), weight.end(), 0.0);
  if (options.top_p < 1) {
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      return weight[a] != weight[b] ? weight[a] > weight[b] : a < b;
    });
    double kept = 0;
    size_t count = 0;
    while (count < order.size() && kept < options.top_p * total)
      kept += weight[order[count++]];
    order.resize(count);
    total = kept;
  }
  double point = double(mix(mix(options.seed) ^ draw) >> 11) * 0x1p-53 * total;
  for (int64_t token : order)
    if ((point -= weight[token]) < 0)
      return token;
  // Rounding may leave a rest: the last token that has any probability.
  return *std::find_if(order.rbegin(), order.rend(),
                       [&](int64_t token) { return weight[token] > 0; });
}

} // namespace jarana::runtime
