// Reductions, running sums and softmax: https://onnx.ai/onnx/operators,
// opset 27.
#include "lib/reference/operators/Support.h"

#include <limits>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;
template <class Real> using Results = std::vector<T<Real>>;

/// What a reduction does with the elements: start, add one, finish.
template <class Real> struct Reduction {
  Real start;
  Real (*step)(Real sum, Real element);
  Real (*finish)(Real sum, int64_t count);
  int64_t (*startInt)(DType);
  int64_t (*stepInt)(DType, int64_t sum, int64_t element);
  int64_t (*finishInt)(int64_t sum, int64_t count);
};

/// Reduce*: axes from input 1 (none: all, unless noop_with_empty_axes);
/// keepdims.
template <class Real> OperatorOf<Real> reduce(Reduction<Real> rule) {
  return [=](const InputsOf<Real> &inputs, const Attributes &attributes) {
    const T<Real> &x = required(inputs, 0);
    bool all = !present(inputs, 1) || required(inputs, 1).size() == 0;
    // With no axes to reduce, the rule still applies to each single element.
    bool noop = all && integer(attributes, "noop_with_empty_axes", 0);
    std::vector<bool> reducedAxis(x.rank(), all && !noop);
    if (!all)
      for (int64_t axis : requiredInt(inputs, 1).ints)
        reducedAxis[normalizeAxis(axis, x.rank())] = true;

    Shape kept = x.shape, dropped, strides(x.rank(), 0);
    for (int64_t d = 0; d < x.rank(); ++d)
      if (reducedAxis[d])
        kept[d] = 1;
      else
        dropped.push_back(x.shape[d]);
    T<Real> result(x.dtype, kept);
    Shape own = stridesOf(kept);
    for (int64_t d = 0; d < x.rank(); ++d)
      strides[d] = reducedAxis[d] ? 0 : own[d];

    std::fill(result.reals.begin(), result.reals.end(), rule.start);
    std::fill(result.ints.begin(), result.ints.end(), rule.startInt(x.dtype));
    if (isFloat(x.dtype))
      forEach<1>(x.shape, {strides}, [&](int64_t i, auto &at) {
        result.reals[at[0]] = rule.step(result.reals[at[0]], x.reals[i]);
      });
    else
      forEach<1>(x.shape, {strides}, [&](int64_t i, auto &at) {
        result.ints[at[0]] =
            rule.stepInt(x.dtype, result.ints[at[0]], x.ints[i]);
      });
    int64_t count = result.size() ? x.size() / result.size() : 0;
    for (Real &value : result.reals)
      value = rule.finish(value, count);
    for (int64_t &value : result.ints)
      value = rule.finishInt(value, count);
    if (!integer(attributes, "keepdims", 1))
      result.shape = dropped;
    return Results<Real>{rounded(std::move(result))};
  };
}

template <class Real> Real same(Real sum, int64_t) { return sum; }
int64_t sameInt(int64_t sum, int64_t) { return sum; }
int64_t zeroInt(DType) { return 0; }
int64_t oneInt(DType) { return 1; }
int64_t addInt(DType, int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) +
                              static_cast<uint64_t>(b));
}
int64_t mulInt(DType, int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}
int64_t maxInt(DType type, int64_t a, int64_t b) {
  return lessInt(type, a, b) ? b : a;
}
int64_t minInt(DType type, int64_t a, int64_t b) {
  return lessInt(type, b, a) ? b : a;
}
/// The least value of the type: what the maximum of nothing is.
int64_t lowest(DType type) {
  bool isUnsigned = type == DType::u8 || type == DType::u16 ||
                    type == DType::u32 || type == DType::u64 ||
                    type == DType::boolean;
  return isUnsigned
             ? 0
             : std::numeric_limits<int64_t>::min() >> (64 - 8 * byteSize(type));
}
int64_t highest(DType type) {
  return type == DType::boolean ? 1 : wrap(type, ~lowest(type));
}

/// log(exp(a) + exp(b)) without overflow.
template <class Real> Real logAdd(Real a, Real b) {
  using std::exp, std::log1p;
  Real most = a > b ? a : b, least = a > b ? b : a;
  // Also where both are the same infinity, whose difference is NaN.
  return most == least ? most + math::log(Real(2))
                       : most + log1p(exp(least - most));
}

/// CumSum along the axis of input 1; `exclusive` leaves an element's own value
/// out, `reverse` starts at the end.
template <class Real>
Results<Real> cumSum(const InputsOf<Real> &inputs,
                     const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  T<Real> result(x.dtype, x.shape);
  int64_t axis = normalizeAxis(intScalar(required(inputs, 1)), x.rank());
  bool exclusive = integer(attributes, "exclusive", 0) != 0,
       reverse = integer(attributes, "reverse", 0) != 0;
  int64_t dim = x.shape[axis], inner = product(x.shape, axis + 1, x.rank());
  for (int64_t o = 0; o < product(x.shape, 0, axis); ++o)
    for (int64_t i = 0; i < inner; ++i) {
      Real sum(0);
      int64_t sumInt = 0;
      for (int64_t d = 0; d < dim; ++d) {
        int64_t at = (o * dim + (reverse ? dim - 1 - d : d)) * inner + i;
        if (isFloat(x.dtype)) {
          Real next = sum + x.reals[at];
          result.reals[at] = exclusive ? sum : next;
          sum = next;
        } else {
          int64_t next = addInt(x.dtype, sumInt, x.ints[at]);
          result.ints[at] = exclusive ? sumInt : next;
          sumInt = next;
        }
      }
    }
  return {rounded(std::move(result))};
}

/// Softmax: exp(x - max) / sum along `axis`; LogSoftmax: its logarithm.
template <class Real> OperatorOf<Real> softmax(bool logarithm) {
  return [=](const InputsOf<Real> &inputs, const Attributes &attributes) {
    using std::exp, std::log;
    T<Real> x = requiredReal(inputs, 0);
    int64_t axis = normalizeAxis(integer(attributes, "axis", -1), x.rank());
    int64_t dim = x.shape[axis], inner = product(x.shape, axis + 1, x.rank());
    for (int64_t o = 0; o < product(x.shape, 0, axis); ++o)
      for (int64_t i = 0; i < inner; ++i) {
        auto at = [&](int64_t d) -> Real & {
          return x.reals[(o * dim + d) * inner + i];
        };
        Real most(-std::numeric_limits<double>::infinity()), sum(0);
        for (int64_t d = 0; d < dim; ++d)
          most = at(d) > most ? at(d) : most;
        for (int64_t d = 0; d < dim; ++d) {
          Real above = at(d) - most, weight = exp(above);
          sum += weight;
          at(d) = logarithm ? above : weight;
        }
        for (int64_t d = 0; d < dim; ++d)
          at(d) = logarithm ? at(d) - log(sum) : at(d) / sum;
      }
    return Results<Real>{rounded(std::move(x))};
  };
}
} // namespace

template <class Real> void reference::addReduction(TableOf<Real> &table) {
  using R = Reduction<Real>;
  Real infinity(std::numeric_limits<double>::infinity());
  auto add = [](Real sum, Real x) { return sum + x; };
  auto addSquare = [](Real sum, Real x) { return sum + x * x; };
  auto addAbs = [](Real sum, Real x) { return sum + (x < Real(0) ? -x : x); };
  auto squareInt = [](DType t, int64_t sum, int64_t x) {
    return addInt(t, sum, mulInt(t, x, x));
  };
  auto absInt = [](DType t, int64_t sum, int64_t x) {
    return addInt(t, sum, x < 0 ? -x : x);
  };
  auto divideInt = [](int64_t sum, int64_t n) { return n ? sum / n : 0; };
  table["ReduceSum"] = reduce(R{Real(0), add, same, zeroInt, addInt, sameInt});
  table["ReduceMean"] =
      reduce(R{Real(0), add, [](Real sum, int64_t n) { return sum / Real(n); },
               zeroInt, addInt, divideInt});
  table["ReduceProd"] = reduce(R{Real(1), [](Real p, Real x) { return p * x; },
                                 same, oneInt, mulInt, sameInt});
  table["ReduceMax"] = reduce(
      R{-infinity, [](Real m, Real x) { return m != m || m > x ? m : x; }, same,
        lowest, maxInt, sameInt});
  table["ReduceMin"] =
      reduce(R{infinity, [](Real m, Real x) { return m != m || m < x ? m : x; },
               same, highest, minInt, sameInt});
  table["ReduceSumSquare"] =
      reduce(R{Real(0), addSquare, same, zeroInt, squareInt, sameInt});
  table["ReduceL1"] =
      reduce(R{Real(0), addAbs, same, zeroInt, absInt, sameInt});
  table["ReduceL2"] =
      reduce(R{Real(0), addSquare,
               [](Real sum, int64_t) { return Real(math::sqrt(sum)); }, zeroInt,
               squareInt,
               [](int64_t sum, int64_t) {
                 return static_cast<int64_t>(std::sqrt(double(sum)));
               }});
  table["ReduceLogSum"] = reduce(
      R{Real(0), add, [](Real sum, int64_t) { return Real(math::log(sum)); },
        zeroInt, addInt, sameInt});
  table["ReduceLogSumExp"] =
      reduce(R{-infinity, logAdd<Real>, same, zeroInt, addInt, sameInt});
  table["CumSum"] = cumSum<Real>;
  table["Softmax"] = softmax<Real>(false);
  table["LogSoftmax"] = softmax<Real>(true);
}

template void reference::addReduction(TableOf<double> &);
template void reference::addReduction(TableOf<Exact> &);
