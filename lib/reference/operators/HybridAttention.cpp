// hybrid.attention, online_attention and kv_cache_update
// (dialects/hybrid/AttentionOps.td). Operands are the ins, then the outs; the
// results are the outs' new values.
#include "lib/reference/operators/Attention.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// A position that is one number for all batches, or one for each.
template <class Real>
int64_t positionOf(const T<Real> *positions, int64_t batch) {
  if (!positions)
    return 0;
  return positions->rank() == 0 ? positions->ints.at(0)
                                : positions->ints.at(batch);
}

/// Calls f(row, scores) for every query row of [b, h, r, m]; the scores are
/// those of all keys, -inf where masked.
template <class Real, class F>
void forEachRow(const InputsOf<Real> &inputs, const Attributes &attributes,
                F f) {
  const T<Real> &query = requiredReal(inputs, 0),
                &key = requiredReal(inputs, 1),
                &value = requiredReal(inputs, 2);
  const T<Real> *bias = optional(inputs, 3), *offset = optional(inputs, 4);
  expectRank("query", query.shape, 5);
  expectRank("key", key.shape, 4);
  expectRank("value", value.shape, 4);
  int64_t batch = query.shape[0], heads = query.shape[1],
          perHead = query.shape[2], rows = query.shape[3],
          size = query.shape[4], keys = key.shape[2];
  expectShape("key", key.shape, {batch, heads, keys, size});
  expectShape("value", value.shape, {batch, heads, keys, value.shape[3]});
  Shape full{batch, heads, perHead, rows, keys}, strides(5, 0);
  if (bias)
    strides = broadcastStrides(bias->shape, full);
  Real scale(number(attributes, "scale")),
      cap(number(attributes, "softcap", 0.0));
  bool causal = text(attributes, "mask", "none") == "causal";
  int64_t window = integer(attributes, "window", 0);
  DType type = scoreType(query.dtype);
  std::vector<Real> scores(keys);
  for (int64_t row = 0; row < batch * heads * perHead * rows; ++row) {
    int64_t m = row % rows, r = row / rows % perHead,
            h = row / rows / perHead % heads, b = row / rows / perHead / heads;
    int64_t last = causal ? m + positionOf(offset, b) : keys - 1;
    for (int64_t s = 0; s < keys; ++s) {
      if (s > last || (window > 0 && s <= last - window)) {
        scores[s] = Real(minusInfinity);
        continue;
      }
      Real raw =
          scale * dot(&query.reals[row * size],
                      &key.reals[((b * heads + h) * keys + s) * size], size);
      scores[s] = softcapped(raw, cap);
      if (bias)
        scores[s] = roundTo(
            type,
            scores[s] +
                realAt(*bias, b * strides[0] + h * strides[1] + r * strides[2] +
                                  m * strides[3] + s * strides[4]));
    }
    f(row, &value.reals[(b * heads + h) * keys * value.shape[3]], scores);
  }
}

/// y[b, h, r, m, e] = softmax(scores) values, where the head's sink is one more
/// score.
template <class Real>
std::vector<T<Real>> attention(const InputsOf<Real> &inputs,
                               const Attributes &attributes) {
  const T<Real> *sink = optional(inputs, 5);
  T<Real> y = requiredReal(inputs, 6);
  std::fill(y.reals.begin(), y.reals.end(), Real(0));
  int64_t width = requiredReal(inputs, 2).shape.back();
  Shape expected = requiredReal(inputs, 0).shape;
  expected.back() = width;
  expectShape("y", y.shape, expected);
  if (sink)
    expectShape("sink", sink->shape, {expected[1], expected[2]});
  forEachRow(inputs, attributes,
             [&](int64_t row, const Real *values, std::vector<Real> &scores) {
               if (sink)
                 scores.push_back(
                     realAt(*sink, row / expected[3] % sink->size()));
               maskedSoftmax(scores);
               if (sink)
                 scores.pop_back();
               addWeighted(scores, values, width, &y.reals[row * width]);
             });
  return {rounded(std::move(y))};
}

/// Continues the running acc, max and sum with more keys: with M = max(max,
/// scores), sum = sum exp(max - M) + sum_s exp(score_s - M), acc likewise, so
/// that y = acc / sum. Milakov and Gimelshein 2018.
template <class Real>
std::vector<T<Real>> onlineAttention(const InputsOf<Real> &inputs,
                                     const Attributes &attributes) {
  using std::exp;
  T<Real> acc = requiredReal(inputs, 5), most = requiredReal(inputs, 6),
          sum = requiredReal(inputs, 7);
  int64_t width = requiredReal(inputs, 2).shape.back();
  Shape expected = requiredReal(inputs, 0).shape;
  expected.pop_back();
  expectShape("max", most.shape, expected);
  expectShape("sum", sum.shape, expected);
  expected.push_back(width);
  expectShape("acc", acc.shape, expected);
  forEachRow(inputs, attributes,
             [&](int64_t row, const Real *values, std::vector<Real> &scores) {
               Real old = most.reals[row], next = old;
               for (Real score : scores)
                 next = score != score || score > next ? score : next;
               if (next == Real(minusInfinity)) // nothing seen so far
                 return;
               Real keep = exp(old - next);
               sum.reals[row] *= keep;
               for (int64_t e = 0; e < width; ++e)
                 acc.reals[row * width + e] *= keep;
               for (Real &score : scores) {
                 score = exp(score - next);
                 sum.reals[row] += score;
               }
               addWeighted(scores, values, width, &acc.reals[row * width]);
               most.reals[row] = next;
             });
  return {rounded(std::move(acc)), rounded(std::move(most)),
          rounded(std::move(sum))};
}

/// new [b, h, l, d], position, cache [b, h, cap, d]: cache[b, h, position + i]
/// = new[b, h, i].
template <class Real>
std::vector<T<Real>> cacheUpdate(const InputsOf<Real> &inputs,
                                 const Attributes &) {
  const T<Real> &fresh = required(inputs, 0),
                &position = requiredInt(inputs, 1);
  T<Real> cache = required(inputs, 2);
  expectRank("new", fresh.shape, 4);
  expectRank("the cache", cache.shape, 4);
  int64_t heads = fresh.shape[1], length = fresh.shape[2],
          size = fresh.shape[3], capacity = cache.shape[2];
  expectShape("the cache", cache.shape,
              {fresh.shape[0], heads, capacity, size});
  for (int64_t row = 0; row < fresh.shape[0] * heads; ++row) {
    int64_t at = positionOf(&position, row / heads);
    if (at < 0 || at > capacity - length)
      throw Error("position " + std::to_string(at) + " and " +
                  std::to_string(length) + " rows do not fit a cache of " +
                  std::to_string(capacity));
    copyRun(fresh, row * length * size, cache, (row * capacity + at) * size,
            length * size);
  }
  return {std::move(cache)};
}
} // namespace

template <class Real> void reference::addHybridAttention(TableOf<Real> &table) {
  table["hybrid.attention"] = attention<Real>;
  table["hybrid.online_attention"] = onlineAttention<Real>;
  table["hybrid.kv_cache_update"] = cacheUpdate<Real>;
}

template void reference::addHybridAttention(TableOf<double> &);
template void reference::addHybridAttention(TableOf<Exact> &);
