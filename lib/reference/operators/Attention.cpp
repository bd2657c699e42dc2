// Attention of ai.onnx: https://onnx.ai/onnx/operators/onnx__Attention.html
// (opset 25).
#include "lib/reference/operators/Attention.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// past ++ x along the sequence of [b, heads, s, d].
template <class Real>
T<Real> joined(const T<Real> *past, const T<Real> &x, const char *what) {
  if (!past)
    return x;
  Shape expected = x.shape;
  if (past->rank() == 4)
    expected[2] = past->shape[2];
  expectShape(what, past->shape, expected);
  Shape shape = x.shape;
  shape[2] += past->shape[2];
  T<Real> result(x.dtype, shape);
  int64_t old = past->shape[2] * x.shape[3], fresh = x.shape[2] * x.shape[3];
  for (int64_t row = 0; row < x.shape[0] * x.shape[1]; ++row) {
    copyRun(*past, row * old, result, row * (old + fresh), old);
    copyRun(x, row * fresh, result, row * (old + fresh) + old, fresh);
  }
  return result;
}

/// The additive mask of [b, heads, q, total], -inf where a key is not attended:
/// attn_mask (padded with -inf where it is shorter), causality, windows and
/// nonpad_kv_seqlen added up.
template <class Real>
T<Real> biasOf(const InputsOf<Real> &inputs, const Attributes &attributes,
               const Shape &shape, int64_t past) {
  const T<Real> *mask = optional(inputs, 3), *valid = optional(inputs, 6);
  T<Real> bias(DType::f64, shape);
  Real hidden(minusInfinity);
  if (mask) {
    if (mask->rank() < 1)
      throw Error("attn_mask must have a dimension for the keys");
    // Read as if it ended where the keys end; what lies beyond its own end is
    // hidden.
    Shape readShape = shape;
    int64_t own = mask->shape.back();
    readShape.back() = own == 1 ? shape.back() : std::min(own, shape.back());
    Shape cutShape = mask->shape;
    cutShape.back() = own == 1 ? 1 : readShape.back();
    T<Real> cut = strided(*mask, cutShape, stridesOf(mask->shape));
    std::fill(bias.reals.begin(), bias.reals.end(), hidden);
    int64_t row = readShape.back(), full = shape.back();
    forEach<1>(readShape, {broadcastStrides(cut.shape, readShape)},
               [&](int64_t i, auto &at) {
                 bias.reals[i / row * full + i % row] =
                     cut.dtype == DType::boolean
                         ? (cut.ints[at[0]] ? Real(0) : hidden)
                         : realAt(cut, at[0]);
               });
    // A mask of one column shorter than the keys is padded, not broadcast.
    if (own == 1 && full > 1)
      for (int64_t i = 0; i < bias.size(); ++i)
        if (i % full)
          bias.reals[i] = hidden;
  }
  if (valid)
    expectShape("nonpad_kv_seqlen", valid->shape, {shape[0]});
  bool causal = integer(attributes, "is_causal", 0) != 0;
  int64_t left = integer(attributes, "left_window_size", -1),
          right = integer(attributes, "right_window_size", -1);
  for (int64_t i = 0; i < bias.size(); ++i) {
    int64_t key = i % shape[3], query = i / shape[3] % shape[2],
            batch = i / shape[3] / shape[2] / shape[1];
    // The keys that come before the query block.
    int64_t position =
        query +
        (valid && !optional(inputs, 4) ? valid->ints[batch] - shape[2] : past);
    if ((causal && key > position) || (left >= 0 && key < position - left) ||
        (right >= 0 && key > position + right) ||
        (valid && key >= valid->ints[batch]))
      bias.reals[i] = hidden;
  }
  return bias;
}

/// The attribute, or its default; before it was rounded where it is known how
/// it came about ("unrounded_scale": n / d).
template <class Real> Real scaleOf(const Attributes &attributes, int64_t size) {
  auto unrounded = attributes.find("unrounded_scale");
  if (unrounded != attributes.end()) {
    const auto &parts = std::get<std::vector<double>>(unrounded->second);
    Real scale = Real(parts.at(0)) / Real(parts.at(1));
    if (scale != Real(number(attributes, "scale")))
      ExactEvents::note(Assumption::Unrounded);
    return scale;
  }
  return has(attributes, "scale") ? Real(number(attributes, "scale"))
                                  : defaultScale<Real>(size);
}

/// Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen?, and in
/// AttentionWithSink sink [heads] -> Y, present_key, present_value,
/// qk_matmul_output.
template <class Real>
std::vector<T<Real>> attention(const InputsOf<Real> &inputs,
                               const Attributes &attributes) {
  T<Real> q = requiredReal(inputs, 0), k = requiredReal(inputs, 1),
          v = requiredReal(inputs, 2);
  bool packed = q.rank() == 3;
  if (packed) {
    int64_t heads = integer(attributes, "kv_num_heads");
    q = splitHeads(q, integer(attributes, "q_num_heads"));
    k = splitHeads(k, heads);
    v = splitHeads(v, heads);
  }
  for (const T<Real> *x : {&q, &k, &v})
    expectRank("an input", x->shape, 4);
  const T<Real> *pastKey = optional(inputs, 4),
                *pastValue = optional(inputs, 5), *sink = optional(inputs, 7);
  if (!pastKey != !pastValue)
    throw Error("past_key and past_value must be given together");
  k = joined(pastKey, k, "past_key");
  v = joined(pastValue, v, "past_value");
  int64_t batch = q.shape[0], heads = q.shape[1], queries = q.shape[2],
          size = q.shape[3], kvHeads = k.shape[1], keys = k.shape[2],
          width = v.shape[3];
  expectShape("the keys", k.shape, {batch, kvHeads, keys, size});
  expectShape("the values", v.shape, {batch, kvHeads, keys, width});
  if (kvHeads == 0 || heads % kvHeads)
    throw Error(std::to_string(heads) + " query heads do not divide into " +
                std::to_string(kvHeads) + " groups");
  Real scale = scaleOf<Real>(attributes, size);
  Real cap(number(attributes, "softcap", 0.0));
  int64_t mode = integer(attributes, "qk_matmul_output_mode", 0);
  DType precision =
      dtype(attributes, "softmax_precision").value_or(scoreType(q.dtype));

  T<Real> y(q.dtype, {batch, heads, queries, width});
  T<Real> debug(q.dtype, {batch, heads, queries, keys});
  T<Real> bias =
      biasOf(inputs, attributes, debug.shape, pastKey ? pastKey->shape[2] : 0);
  std::vector<Real> scores(keys);
  for (int64_t row = 0; row < batch * heads * queries; ++row) {
    int64_t head = row / queries;
    int64_t group = head / heads * kvHeads + head % heads / (heads / kvHeads);
    bool attended = false;
    for (int64_t s = 0; s < keys; ++s) {
      Real raw = scale * dot(&q.reals[row * size],
                             &k.reals[(group * keys + s) * size], size);
      Real capped = softcapped(raw, cap), added = bias.reals[row * keys + s];
      attended |= added != Real(minusInfinity);
      scores[s] = added == Real(minusInfinity) ? added : capped + added;
      debug.reals[row * keys + s] = mode == 0   ? raw
                                    : mode == 1 ? capped
                                                : capped + added;
      scores[s] = roundTo(precision, scores[s]);
    }
    if (sink) { // one more score; there is always one then
      attended = true;
      scores.push_back(sink->reals.at(head % heads));
    }
    if (attended)
      maskedSoftmax(scores);
    else
      std::fill(scores.begin(), scores.end(), Real(0));
    scores.resize(keys);
    if (mode == 3)
      std::copy(scores.begin(), scores.end(), debug.reals.begin() + row * keys);
    addWeighted(scores, &v.reals[group * keys * width], width,
                &y.reals[row * width]);
    if (!attended)
      for (int64_t i = row * width; i < (row + 1) * width; ++i)
        y.reals[i] = undefinedElement<Real>(attributes, i);
  }
  y = rounded(std::move(y));
  if (packed)
    y = joinHeads(y);
  return {std::move(y), std::move(k), std::move(v), rounded(std::move(debug))};
}
} // namespace

template <class Real> void reference::addAttention(TableOf<Real> &table) {
  table["Attention"] = attention<Real>;
  table["AttentionWithSink"] = attention<Real>;
}

template void reference::addAttention(TableOf<double> &);
template void reference::addAttention(TableOf<Exact> &);
