// com.microsoft GroupQueryAttention:
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "lib/reference/operators/Attention.h"
#include "lib/reference/operators/Rotary.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// Query, key and value as [b, heads, s, d], from three inputs or from one
/// packed [b, s, (heads + 2 kv) * d].
template <class Real>
std::array<T<Real>, 3> unpack(const InputsOf<Real> &inputs, int64_t heads,
                              int64_t kvHeads) {
  const T<Real> &query = requiredReal(inputs, 0);
  if (optional(inputs, 1))
    return {splitHeads(query, heads),
            splitHeads(requiredReal(inputs, 1), kvHeads),
            splitHeads(requiredReal(inputs, 2), kvHeads)};
  T<Real> all = splitHeads(query, heads + 2 * kvHeads);
  Shape strides = stridesOf(all.shape), shape = all.shape;
  auto part = [&](int64_t first, int64_t count) {
    shape[1] = count;
    return strided(all, shape, strides, first * strides[1]);
  };
  return {part(0, heads), part(heads, kvHeads), part(heads + kvHeads, kvHeads)};
}

/// past [b, kv, p, d] (its first lengths[b] rows) and the new rows after them,
/// within `total`. What is behind those, up to `capacity`, is undefined.
template <class Real>
T<Real> written(const T<Real> *past, const T<Real> &fresh,
                const std::vector<int64_t> &lengths, int64_t capacity,
                int64_t total, const Attributes &attributes) {
  Shape shape = fresh.shape;
  shape[2] = capacity;
  T<Real> cache(fresh.dtype, shape);
  if (past) {
    Shape expected = fresh.shape;
    if (past->rank() == 4)
      expected[2] = past->shape[2];
    expectShape("the past", past->shape, expected);
  }
  int64_t size = shape[3], rows = fresh.shape[2];
  for (int64_t row = 0; row < shape[0] * shape[1]; ++row) {
    int64_t length = lengths[row / shape[1]];
    if (length < 0 || length + rows > total ||
        (length > 0 && (!past || length > past->shape[2])))
      throw Error("seqlens_k does not fit the past of " +
                  std::to_string(past ? past->shape[2] : 0) + " and " +
                  std::to_string(rows) + " new positions");
    if (past)
      copyRun(*past, row * past->shape[2] * size, cache, row * capacity * size,
              length * size);
    copyRun(fresh, row * rows * size, cache, (row * capacity + length) * size,
            rows * size);
    for (int64_t i = (row * capacity + length + rows) * size;
         i < (row + 1) * capacity * size; ++i)
      cache.reals[i] = undefinedElement<Real>(attributes, i);
  }
  return cache;
}

/// Rotates x [b, heads, s, d] in place, position i of batch b by the row that
/// `position(b, i)` gives.
template <class Real, class F>
void rotateAll(T<Real> &x, const T<Real> &cosines, const T<Real> &sines,
               bool interleaved, F position) {
  expectShape("sin_cache", sines.shape, cosines.shape);
  expectRank("cos_cache", cosines.shape, 2);
  int64_t half = cosines.shape[1], length = x.shape[2], size = x.shape[3];
  if (2 * half > size)
    throw Error("cos_cache of width " + std::to_string(half) +
                " exceeds half of the head size " + std::to_string(size));
  for (int64_t row = 0; row < x.shape[0] * x.shape[1] * length; ++row) {
    int64_t at = position(row / length / x.shape[1], row % length);
    if (at < 0 || at >= cosines.shape[0])
      throw Error("position " + std::to_string(at) +
                  " is outside of cos_cache's " +
                  std::to_string(cosines.shape[0]) + " rows");
    rotate(&x.reals[row * size], 2 * half, &cosines.reals[at * half],
           &sines.reals[at * half], interleaved);
  }
}

/// query, key?, value?, past_key?, past_value?, seqlens_k,
/// total_sequence_length, cos_cache?, sin_cache?, position_ids?,
/// attention_bias?, head_sink? -> output, present_key, present_value.
/// seqlens_k[b] + 1 positions are valid in batch b after this step, of which
/// the new ones are the last; where all positions are new (the prompt), they
/// start at 0 and what is beyond is padding.
template <class Real>
std::vector<T<Real>> groupQueryAttention(const InputsOf<Real> &inputs,
                                         const Attributes &attributes) {
  using std::exp;
  int64_t heads = integer(attributes, "num_heads"),
          kvHeads = integer(attributes, "kv_num_heads");
  if (heads < 1 || kvHeads < 1 || heads % kvHeads)
    throw Error(std::to_string(heads) + " query heads do not divide into " +
                std::to_string(kvHeads) + " groups");
  auto [q, k, v] = unpack(inputs, heads, kvHeads);
  int64_t batch = q.shape[0], length = q.shape[2], size = q.shape[3];
  const T<Real> *pastKey = optional(inputs, 3),
                *pastValue = optional(inputs, 4);
  const T<Real> &last = requiredInt(inputs, 5);
  int64_t total = intScalar(required(inputs, 6));
  if (last.size() != batch)
    throw Error("seqlens_k must have one element per batch");
  bool prompt = total == length;
  std::vector<int64_t> before(batch);
  for (int64_t b = 0; b < batch; ++b)
    before[b] = prompt ? 0 : last.ints[b] + 1 - length;
  const T<Real> *positions = optional(inputs, 9);
  if (positions)
    expectShape("position_ids", positions->shape, {batch, length});
  if (integer(attributes, "do_rotary", 0)) {
    auto position = [&](int64_t b, int64_t i) {
      return positions ? positions->ints[b * length + i] : before[b] + i;
    };
    bool interleaved = integer(attributes, "rotary_interleaved", 0) != 0;
    for (T<Real> *x : {&q, &k}) {
      rotateAll(*x, requiredReal(inputs, 7), requiredReal(inputs, 8),
                interleaved, position);
      *x = rounded(std::move(*x));
    }
  }
  int64_t past = pastKey && pastKey->rank() == 4 ? pastKey->shape[2] : 0;
  bool shared = integer(attributes, "shared_buffer", 0) != 0;
  if (shared ? total > past || total < length : total != past + length)
    throw Error("total_sequence_length is " + std::to_string(total) +
                ", which does not fit " +
                (shared ? "the buffers of " : "the past of ") +
                std::to_string(past) + " and " + std::to_string(length) +
                " new positions");
  int64_t capacity = shared ? past : total;
  k = written(pastKey, k, before, capacity, total, attributes);
  v = written(pastValue, v, before, capacity, total, attributes);

  double given = number(attributes, "scale", 0.0);
  Real scale = given != 0 ? Real(given) : defaultScale<Real>(size);
  Real cap(number(attributes, "softcap", 0.0));
  int64_t window = integer(attributes, "local_window_size", -1);
  const T<Real> *bias = optional(inputs, 10), *sink = optional(inputs, 11);
  // A sink is one more logit in the softmax's denominator; smooth_softmax is a
  // sink of 0.
  bool smooth = sink || integer(attributes, "smooth_softmax", 0) > 0;
  Shape biasStrides;
  if (bias)
    biasStrides = broadcastStrides(bias->shape,
                                   {batch, heads, length, bias->shape.back()});
  T<Real> y(q.dtype, q.shape);
  for (int64_t row = 0; row < batch * heads * length; ++row) {
    int64_t i = row % length, h = row / length % heads,
            b = row / length / heads;
    int64_t position = before[b] + i,
            group = b * kvHeads + h / (heads / kvHeads);
    std::vector<Real> scores(position + 1, Real(minusInfinity));
    if (bias && bias->shape.back() < position + 1)
      throw Error("attention_bias has too few columns");
    for (int64_t s = window >= 0 ? std::max<int64_t>(0, position + 1 - window)
                                 : 0;
         s <= position; ++s) {
      scores[s] =
          softcapped(scale * dot(&q.reals[row * size],
                                 &k.reals[(group * capacity + s) * size], size),
                     cap);
      if (bias)
        scores[s] = roundTo(
            scoreType(required(inputs, 0).dtype),
            scores[s] + bias->reals[b * biasStrides[0] + h * biasStrides[1] +
                                    i * biasStrides[2] + s * biasStrides[3]]);
    }
    if (smooth)
      scores.push_back(sink ? sink->reals.at(h) : Real(0));
    maskedSoftmax(scores);
    scores.resize(position + 1);
    addWeighted(scores, &v.reals[group * capacity * size], size,
                &y.reals[row * size]);
  }
  return {joinHeads(rounded(std::move(y))), std::move(k), std::move(v)};
}
} // namespace

template <class Real>
void reference::addGroupQueryAttention(TableOf<Real> &table) {
  table["GroupQueryAttention"] = groupQueryAttention<Real>;
}

template void reference::addGroupQueryAttention(TableOf<double> &);
template void reference::addGroupQueryAttention(TableOf<Exact> &);
