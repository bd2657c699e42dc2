// LinearAttention and CausalConvWithState of ai.onnx 27 (and com.microsoft,
// where they mean the same):
// https://onnx.ai/onnx/operators/onnx__LinearAttention.html
#include "lib/reference/operators/Contraction.h"
#include "lib/reference/operators/Sigmoid.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

struct Rule {
  bool gated, delta;
};

Rule ruleOf(const std::string &name) {
  if (name == "linear")
    return {false, false};
  if (name == "gated")
    return {true, false};
  if (name == "delta")
    return {false, true};
  if (name == "gated_delta")
    return {true, true};
  throw Error("there is no update_rule '" + name + "'");
}

/// query [b, t, hq * dk], key [b, t, h * dk], value [b, t, h * dv], past_state?
/// [b, h, dk, dv], decay? [b, t, h] or [b, t, h * dk], beta? [b, t, h] or [b,
/// t, 1] -> output [b, t, hq * dv], present_state. Per token:
///   S' = exp(g) S;  S = S' + beta k (x) (v - S'^T k) for the delta rules, S' +
///   k (x) v otherwise;  o = scale q^T S.
template <class Real>
std::vector<T<Real>> linearAttention(const InputsOf<Real> &inputs,
                                     const Attributes &attributes) {
  using std::exp;
  const T<Real> &query = requiredReal(inputs, 0),
                &key = requiredReal(inputs, 1),
                &value = requiredReal(inputs, 2);
  Rule rule = ruleOf(text(attributes, "update_rule", "gated_delta"));
  int64_t heads = integer(attributes, "kv_num_heads"),
          queryHeads = integer(attributes, "q_num_heads");
  for (const T<Real> *x : {&query, &key, &value})
    expectRank("an input", x->shape, 3);
  if (heads < 1 || queryHeads < heads || queryHeads % heads ||
      query.shape[2] % queryHeads || key.shape[2] % heads ||
      value.shape[2] % heads)
    throw Error("q_num_heads " + std::to_string(queryHeads) +
                " and kv_num_heads " + std::to_string(heads) +
                " do not divide query " + toText(query.shape) + ", key " +
                toText(key.shape) + ", value " + toText(value.shape));
  int64_t batch = query.shape[0], length = query.shape[1],
          dk = key.shape[2] / heads, dv = value.shape[2] / heads;
  expectShape("query", query.shape, {batch, length, queryHeads * dk});
  expectShape("key", key.shape, {batch, length, heads * dk});
  expectShape("value", value.shape, {batch, length, heads * dv});

  Shape stateShape{batch, heads, dk, dv};
  T<Real> state(optional(inputs, 3) ? inputs[3]->dtype : value.dtype,
                stateShape);
  if (const T<Real> *past = optional(inputs, 3)) {
    expectShape("past_state", past->shape, stateShape);
    state.reals = past->reals;
  }
  const T<Real> *decay = rule.gated ? &requiredReal(inputs, 4) : nullptr;
  const T<Real> *beta = rule.delta ? &requiredReal(inputs, 5) : nullptr;
  bool perKey = decay && decay->rank() == 3 && decay->shape[2] != heads;
  if (decay)
    expectShape("decay", decay->shape,
                {batch, length, perKey ? heads * dk : heads});
  bool perHead = beta && beta->rank() == 3 && beta->shape[2] != 1;
  if (beta)
    expectShape("beta", beta->shape, {batch, length, perHead ? heads : 1});
  double given = number(attributes, "scale", 0.0);
  Real scale = given != 0 ? Real(given) : defaultScale<Real>(dk);

  T<Real> y(query.dtype, {batch, length, queryHeads * dv});
  int64_t shared = queryHeads / heads;
  // One head of one sequence: nobody else touches its state.
  auto runHead = [&](int64_t b, int64_t h) {
    std::vector<Real> update(dv), factors(dk, Real(1)), scaled(shared * dk);
    Real *s = &state.reals[(b * heads + h) * dk * dv];
    for (int64_t t = 0; t < length; ++t) {
      int64_t row = b * length + t, head = row * heads + h;
      const Real *k = &key.reals[head * dk], *v = &value.reals[head * dv];
      for (int64_t i = 0; i < dk && decay; ++i)
        factors[i] = i == 0 || perKey
                         ? exp(decay->reals[perKey ? head * dk + i : head])
                         : factors[0];
      for (int64_t j = 0; j < dv; ++j) {
        update[j] = v[j];
        for (int64_t i = 0; i < dk && beta; ++i)
          update[j] -= s[i * dv + j] * factors[i] * k[i];
        if (beta)
          update[j] *= beta->reals[perHead ? head : row];
      }
      for (int64_t i = 0; i < dk; ++i)
        for (int64_t j = 0; j < dv; ++j)
          s[i * dv + j] =
              sumOfProducts(s[i * dv + j], factors[i], k[i], update[j]);
      // The heads that share this state read it.
      int64_t first = row * queryHeads + h * shared;
      for (int64_t i = 0; i < shared * dk; ++i)
        scaled[i] = scale * query.reals[first * dk + i];
      accumulateProduct(scaled.data(), s, &y.reals[first * dv], shared, dk, dv);
    }
  };
  if (dk > 0 && dv > 0)
    inParallel(batch * heads, 3 * double(length) * double(state.size()),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i)
                   runHead(i / heads, i % heads);
               });
  return {rounded(std::move(y)), rounded(std::move(state))};
}

/// input [b, ch, l], weight [ch, 1, k], bias? [ch], past_state? [b, ch, k - 1]
/// (else zeros) -> output [b, ch, l] and the last k - 1 columns of past ++
/// input. activation: none, silu or swish (the same).
template <class Real>
std::vector<T<Real>> causalConv(const InputsOf<Real> &inputs,
                                const Attributes &attributes) {
  const T<Real> &x = requiredReal(inputs, 0), &weight = requiredReal(inputs, 1);
  const T<Real> *bias = optional(inputs, 2), *past = optional(inputs, 3);
  expectRank("the input", x.shape, 3);
  expectRank("the weight", weight.shape, 3);
  int64_t batch = x.shape[0], channels = x.shape[1], length = x.shape[2],
          width = weight.shape[2];
  expectShape("the weight", weight.shape, {channels, 1, width});
  if (width < 1)
    throw Error("the weight is empty");
  if (bias)
    expectShape("the bias", bias->shape, {channels});
  std::string activation = text(attributes, "activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    throw Error("there is no activation '" + activation + "'");
  T<Real> y(x.dtype, x.shape),
      state(past ? past->dtype : x.dtype, {batch, channels, width - 1});
  if (past)
    expectShape("past_state", past->shape, state.shape);
  std::vector<Real> full(width - 1 + length);
  for (int64_t row = 0; row < batch * channels; ++row) {
    std::fill(full.begin(), full.end(), Real(0));
    if (past)
      std::copy_n(past->reals.begin() + row * (width - 1), width - 1,
                  full.begin());
    std::copy_n(x.reals.begin() + row * length, length,
                full.begin() + width - 1);
    int64_t channel = row % channels;
    for (int64_t t = 0; t < length; ++t) {
      Real sum = bias ? bias->reals[channel] : Real(0);
      for (int64_t j = 0; j < width; ++j)
        sum += weight.reals[channel * width + j] * full[t + j];
      y.reals[row * length + t] = sum;
    }
    std::copy_n(full.end() - (width - 1), width - 1,
                state.reals.begin() + row * (width - 1));
  }
  if (activation != "none")
    siluEach<Real>(y.reals);
  return {rounded(std::move(y)), rounded(std::move(state))};
}
} // namespace

template <class Real> void reference::addRecurrence(TableOf<Real> &table) {
  table["LinearAttention"] = linearAttention<Real>;
  table["CausalConvWithState"] = causalConv<Real>;
}

template void reference::addRecurrence(TableOf<double> &);
template void reference::addRecurrence(TableOf<Exact> &);
