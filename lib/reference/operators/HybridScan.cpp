// hybrid.ssd_scan, state_update and causal_conv1d (dialects/hybrid/ScanOps.td).
// Operands are the ins, then the outs; the results are the outs' new values.
// Scan: Dao and Gu 2024, "Transformers are SSMs", equation 1 with a scalar A
// per head.
#include "lib/reference/operators/Sigmoid.h"

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;

/// One step for all batches, groups and heads, at position t of l:
/// S = exp(dt a) S + dt x (x) b;  y = S c.
template <class Real>
void step(const T<Real> &x, const T<Real> *dt, const T<Real> &a,
          const T<Real> &b, const T<Real> &c, T<Real> &y, T<Real> &state,
          int64_t length, int64_t t) {
  using std::exp;
  int64_t batch = state.shape[0], groups = state.shape[1],
          perGroup = state.shape[2], p = state.shape[3], n = state.shape[4];
  // a[g, r] is one rate per head; a[b, l, g, r] gives each position its own.
  bool perHead = a.rank() == 2;
  for (int64_t row = 0; row < batch * groups * perGroup; ++row) {
    int64_t head = row % (groups * perGroup),
            position = row / (groups * perGroup) * length + t;
    int64_t at = position * groups * perGroup + head,
            group = position * groups + head / perGroup;
    Real delta = dt ? dt->reals[at] : Real(1);
    Real decay = exp(delta * a.reals[perHead ? head : at]);
    for (int64_t i = 0; i < p; ++i) {
      Real *s = &state.reals[(row * p + i) * n], sum(0),
           fed = delta * x.reals[at * p + i];
      for (int64_t j = 0; j < n; ++j) {
        s[j] = sumOfProducts(decay, s[j], fed, b.reals[group * n + j]);
        sum += s[j] * c.reals[group * n + j];
      }
      y.reals[at * p + i] = sum;
    }
  }
}

/// The scan over the given shape letters; `sequence` says whether there is a
/// dimension l.
template <class Real> OperatorOf<Real> scan(bool sequence) {
  return [=](const InputsOf<Real> &inputs, const Attributes &) {
    const T<Real> &x = requiredReal(inputs, 0), &a = requiredReal(inputs, 2),
                  &b = requiredReal(inputs, 3), &c = requiredReal(inputs, 4);
    const T<Real> *dt = optional(inputs, 1);
    T<Real> y = requiredReal(inputs, 5), state = requiredReal(inputs, 6);
    expectRank("the state", state.shape, 5);
    expectRank("x", x.shape, sequence ? 5 : 4);
    int64_t batch = state.shape[0], g = state.shape[1], r = state.shape[2],
            p = state.shape[3], n = state.shape[4];
    int64_t length = sequence ? x.shape[1] : 1;
    Shape lead{batch};
    if (sequence)
      lead.push_back(length);
    auto shape = [&](std::initializer_list<int64_t> rest) {
      Shape full = lead;
      full.insert(full.end(), rest);
      return full;
    };
    expectShape("x", x.shape, shape({g, r, p}));
    expectShape("y", y.shape, x.shape);
    expectShape("b", b.shape, shape({g, n}));
    expectShape("c", c.shape, shape({g, n}));
    expectShape("a", a.shape, a.rank() == 2 ? Shape{g, r} : shape({g, r}));
    if (dt)
      expectShape("dt", dt->shape, shape({g, r}));
    for (int64_t t = 0; t < length; ++t)
      step(x, dt, a, b, c, y, state, length, t);
    return std::vector{rounded(std::move(y)), rounded(std::move(state))};
  };
}

/// input [b, l, ch], weight [ch, k], bias? [ch], y [b, l, ch], state [b, k - 1,
/// ch]: y[t] = act(bias + sum_j weight[j] full[t + j]) with full = state ++
/// input; the new state is full's last k - 1 rows.
template <class Real>
std::vector<T<Real>> causalConv1d(const InputsOf<Real> &inputs,
                                  const Attributes &attributes) {
  const T<Real> &input = requiredReal(inputs, 0),
                &weight = requiredReal(inputs, 1);
  const T<Real> *bias = optional(inputs, 2);
  T<Real> y = requiredReal(inputs, 3), state = requiredReal(inputs, 4);
  expectRank("the input", input.shape, 3);
  expectRank("the weight", weight.shape, 2);
  int64_t batch = input.shape[0], length = input.shape[1],
          channels = input.shape[2], k = weight.shape[1];
  if (k < 1)
    throw Error("the weight is empty");
  expectShape("the weight", weight.shape, {channels, k});
  expectShape("y", y.shape, input.shape);
  expectShape("the state", state.shape, {batch, k - 1, channels});
  bool silu = text(attributes, "activation", "none") == "silu";
  T<Real> next = state;
  auto full = [&](int64_t b, int64_t row, int64_t ch) {
    return row < k - 1
               ? state.reals[(b * (k - 1) + row) * channels + ch]
               : input.reals[(b * length + row - (k - 1)) * channels + ch];
  };
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t ch = 0; ch < channels; ++ch) {
      for (int64_t t = 0; t < length; ++t) {
        Real sum = bias ? bias->reals[ch] : Real(0);
        for (int64_t j = 0; j < k; ++j)
          sum += weight.reals[ch * k + j] * full(b, t + j, ch);
        y.reals[(b * length + t) * channels + ch] = sum;
      }
      for (int64_t row = 0; row < k - 1; ++row)
        next.reals[(b * (k - 1) + row) * channels + ch] =
            full(b, length + row, ch);
    }
  if (silu)
    siluEach<Real>(y.reals);
  return {rounded(std::move(y)), rounded(std::move(next))};
}
} // namespace

template <class Real> void reference::addHybridScan(TableOf<Real> &table) {
  table["hybrid.ssd_scan"] = scan<Real>(true);
  table["hybrid.state_update"] = scan<Real>(false);
  table["hybrid.causal_conv1d"] = causalConv1d<Real>;
}

template void reference::addHybridScan(TableOf<double> &);
template void reference::addHybridScan(TableOf<Exact> &);
