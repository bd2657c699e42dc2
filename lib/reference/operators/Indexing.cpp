// Operators that read or write where integers say:
// https://onnx.ai/onnx/operators, opset 27.
#include "lib/reference/operators/Support.h"

#include <algorithm>
#include <numeric>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;
template <class Real> using Results = std::vector<T<Real>>;

/// An index in [-dim, dim) counted from the start.
int64_t normalizeIndex(int64_t index, int64_t dim) {
  if (index < -dim || index >= dim)
    throw Error("index " + std::to_string(index) +
                " is outside of a dimension of " + std::to_string(dim));
  return index < 0 ? index + dim : index;
}

/// Gather: slices of `data` along `axis`, in the places of `indices`.
template <class Real>
Results<Real> gather(const InputsOf<Real> &inputs,
                     const Attributes &attributes) {
  const T<Real> &data = required(inputs, 0), &indices = requiredInt(inputs, 1);
  int64_t axis = normalizeAxis(integer(attributes, "axis", 0), data.rank());
  Shape shape = data.shape;
  shape.erase(shape.begin() + axis);
  shape.insert(shape.begin() + axis, indices.shape.begin(),
               indices.shape.end());
  T<Real> result(data.dtype, shape);
  int64_t outer = product(data.shape, 0, axis),
          inner = product(data.shape, axis + 1, data.rank()),
          dim = data.shape[axis], at = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t index : indices.ints) {
      copyRun(data, (o * dim + normalizeIndex(index, dim)) * inner, result, at,
              inner);
      at += inner;
    }
  return {std::move(result)};
}

/// Indices must stay inside of the data along every other axis.
void expectWithin(const Shape &indices, const Shape &data, int64_t axis) {
  expectRank("indices", indices, data.size());
  for (size_t d = 0; d < data.size(); ++d)
    if (static_cast<int64_t>(d) != axis && indices[d] > data[d])
      throw Error("indices of shape " + toText(indices) +
                  " exceed the data's shape " + toText(data));
}

/// GatherElements: result[..i..] = data[..indices[..i..]..] along `axis`.
template <class Real>
Results<Real> gatherElements(const InputsOf<Real> &inputs,
                             const Attributes &attributes) {
  const T<Real> &data = required(inputs, 0), &indices = requiredInt(inputs, 1);
  int64_t axis = normalizeAxis(integer(attributes, "axis", 0), data.rank());
  expectWithin(indices.shape, data.shape, axis);
  T<Real> result(data.dtype, indices.shape);
  Shape strides = stridesOf(data.shape);
  int64_t stride = strides[axis];
  strides[axis] = 0;
  forEach<1>(indices.shape, {strides}, [&](int64_t i, auto &at) {
    int64_t index = normalizeIndex(indices.ints[i], data.shape[axis]);
    copyRun(data, at[0] + index * stride, result, i, 1);
  });
  return {std::move(result)};
}

/// GatherND: the last dimension of `indices` holds index tuples into the
/// dimensions after batch_dims.
template <class Real>
Results<Real> gatherND(const InputsOf<Real> &inputs,
                       const Attributes &attributes) {
  const T<Real> &data = required(inputs, 0), &indices = requiredInt(inputs, 1);
  int64_t batchDims = integer(attributes, "batch_dims", 0);
  if (indices.rank() < 1 || batchDims < 0 || batchDims >= indices.rank())
    throw Error("indices of shape " + toText(indices.shape) +
                " do not fit batch_dims " + std::to_string(batchDims));
  int64_t tuple = indices.shape.back();
  if (batchDims + tuple > data.rank())
    throw Error("index tuples of " + std::to_string(tuple) +
                " do not fit data of shape " + toText(data.shape));
  for (int64_t d = 0; d < batchDims; ++d)
    if (indices.shape[d] != data.shape[d])
      throw Error("the batch dimensions of data and indices differ");
  Shape shape(indices.shape.begin(), indices.shape.end() - 1);
  shape.insert(shape.end(), data.shape.begin() + batchDims + tuple,
               data.shape.end());
  T<Real> result(data.dtype, shape);
  Shape strides = stridesOf(data.shape);
  int64_t batches = product(data.shape, 0, batchDims),
          perBatch = product(data.shape, batchDims, data.rank()),
          run = product(data.shape, batchDims + tuple, data.rank()),
          tuples = product(indices.shape, batchDims, indices.rank() - 1);
  for (int64_t b = 0; b < batches; ++b)
    for (int64_t i = 0; i < tuples; ++i) {
      int64_t source = b * perBatch, row = b * tuples + i;
      for (int64_t k = 0; k < tuple; ++k)
        source += strides[batchDims + k] *
                  normalizeIndex(indices.ints[row * tuple + k],
                                 data.shape[batchDims + k]);
      copyRun(data, source, result, row * run, run);
    }
  return {std::move(result)};
}

/// OneHot: indices, depth, [off, on]; a new dimension at `axis`. Indices
/// outside [-depth, depth) give only off.
template <class Real>
Results<Real> oneHot(const InputsOf<Real> &inputs,
                     const Attributes &attributes) {
  const T<Real> &indices = required(inputs, 0), &values = required(inputs, 2);
  int64_t depth = static_cast<int64_t>(realAt(required(inputs, 1), 0));
  if (values.size() != 2 || depth < 0)
    throw Error("two values and a depth of at least 0 are expected");
  int64_t axis =
      normalizeAxis(integer(attributes, "axis", -1), indices.rank() + 1);
  Shape shape = indices.shape;
  shape.insert(shape.begin() + axis, depth);
  T<Real> result(values.dtype, shape);
  int64_t inner = product(shape, axis + 1, result.rank());
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t position = i / inner % depth, outer = i / inner / depth;
    int64_t index =
        static_cast<int64_t>(realAt(indices, outer * inner + i % inner));
    bool on = position == (index < 0 ? index + depth : index);
    copyRun(values, on ? 1 : 0, result, i, 1);
  }
  return {std::move(result)};
}

/// What a scatter does where it writes: none replaces; the others combine with
/// what is there.
template <class Real>
void combine(const std::string &reduction, const T<Real> &from, int64_t source,
             T<Real> &to, int64_t target) {
  if (reduction == "none") {
    copyRun(from, source, to, target, 1);
    return;
  }
  auto apply = [&](auto &a, auto b, bool less) {
    if (reduction == "add")
      a += b;
    else if (reduction == "mul")
      a *= b;
    else if (reduction == "max")
      a = less ? b : a;
    else if (reduction == "min")
      a = less ? a : b;
    else
      throw Error("there is no reduction '" + reduction + "'");
  };
  if (isFloat(to.dtype))
    apply(to.reals[target], from.reals[source],
          to.reals[target] < from.reals[source]);
  else
    apply(to.ints[target], from.ints[source],
          lessInt(to.dtype, to.ints[target], from.ints[source]));
}

template <class Real> struct ScatterOperands {
  T<Real> result; ///< starts as the data
  const T<Real> &indices, &updates;
  std::string reduction;
};

template <class Real>
ScatterOperands<Real> scatterOperands(const InputsOf<Real> &inputs,
                                      const Attributes &attributes) {
  return {required(inputs, 0), requiredInt(inputs, 1), required(inputs, 2),
          text(attributes, "reduction", "none")};
}

/// ScatterND: update i goes to the place that index tuple i names.
template <class Real>
Results<Real> scatterND(const InputsOf<Real> &inputs,
                        const Attributes &attributes) {
  auto [result, indices, updates, reduction] =
      scatterOperands(inputs, attributes);
  if (indices.rank() < 1 || indices.shape.back() > result.rank())
    throw Error("indices of shape " + toText(indices.shape) +
                " do not fit data of shape " + toText(result.shape));
  int64_t tuple = indices.shape.back();
  Shape expected(indices.shape.begin(), indices.shape.end() - 1);
  expected.insert(expected.end(), result.shape.begin() + tuple,
                  result.shape.end());
  expectShape("updates", updates.shape, expected);
  Shape strides = stridesOf(result.shape);
  int64_t run = product(result.shape, tuple, result.rank()),
          tuples = product(indices.shape, 0, indices.rank() - 1);
  for (int64_t i = 0; i < tuples; ++i) {
    int64_t target = 0;
    for (int64_t k = 0; k < tuple; ++k)
      target += strides[k] *
                normalizeIndex(indices.ints[i * tuple + k], result.shape[k]);
    for (int64_t e = 0; e < run; ++e)
      combine(reduction, updates, i * run + e, result, target + e);
  }
  return {rounded(std::move(result))};
}

/// ScatterElements: result[..indices[..i..]..] takes updates[..i..] along
/// `axis`.
template <class Real>
Results<Real> scatterElements(const InputsOf<Real> &inputs,
                              const Attributes &attributes) {
  auto [result, indices, updates, reduction] =
      scatterOperands(inputs, attributes);
  int64_t axis = normalizeAxis(integer(attributes, "axis", 0), result.rank());
  expectShape("updates", updates.shape, indices.shape);
  expectWithin(indices.shape, result.shape, axis);
  Shape strides = stridesOf(result.shape);
  int64_t stride = strides[axis];
  strides[axis] = 0;
  forEach<1>(indices.shape, {strides}, [&](int64_t i, auto &at) {
    int64_t index = normalizeIndex(indices.ints[i], result.shape[axis]);
    combine(reduction, updates, i, result, at[0] + index * stride);
  });
  return {rounded(std::move(result))};
}

/// TensorScatter (opset 24): past_cache, update, write_indices?; writes along
/// `axis` from each sample's index.
template <class Real>
Results<Real> tensorScatter(const InputsOf<Real> &inputs,
                            const Attributes &attributes) {
  T<Real> result = required(inputs, 0);
  const T<Real> &update = required(inputs, 1);
  int64_t axis = normalizeAxis(integer(attributes, "axis", -2), result.rank());
  bool circular = text(attributes, "mode", "linear") == "circular";
  if (axis == 0)
    throw Error("axis 0 is the batch and cannot be written along");
  Shape expected = result.shape;
  if (update.rank() == result.rank())
    expected[axis] = update.shape[axis];
  expectShape("update", update.shape, expected);
  int64_t capacity = result.shape[axis], length = update.shape[axis],
          outer = product(result.shape, 0, axis),
          perBatch = product(result.shape, 1, axis),
          run = product(result.shape, axis + 1, result.rank());
  if (present(inputs, 2))
    expectShape("write_indices", requiredInt(inputs, 2).shape,
                {result.shape[0]});
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < length; ++i) {
      int64_t at = (present(inputs, 2) ? inputs[2]->ints[o / perBatch] : 0) + i;
      if (circular && capacity > 0)
        at %= capacity;
      if (at < 0 || at >= capacity)
        throw Error("position " + std::to_string(at) +
                    " is outside of the cache of " + std::to_string(capacity));
      copyRun(update, (o * length + i) * run, result, (o * capacity + at) * run,
              run);
    }
  return {std::move(result)};
}

/// Whether element a comes before b: smaller (or larger), NaN as the largest.
template <class Real>
bool before(const T<Real> &x, int64_t a, int64_t b, bool largest) {
  if (largest)
    std::swap(a, b);
  if (!isFloat(x.dtype))
    return lessInt(x.dtype, x.ints[a], x.ints[b]);
  bool nanA = x.reals[a] != x.reals[a], nanB = x.reals[b] != x.reals[b];
  return nanA || nanB ? !nanA && nanB : sortsBefore(x.reals[a], x.reals[b]);
}

/// TopK: the k largest (or smallest) along `axis` and their indices; of equal
/// elements the earlier comes first.
template <class Real>
Results<Real> topK(const InputsOf<Real> &inputs, const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  int64_t k = intScalar(required(inputs, 1));
  int64_t axis = normalizeAxis(integer(attributes, "axis", -1), x.rank());
  bool largest = integer(attributes, "largest", 1) != 0;
  int64_t dim = x.shape[axis], inner = product(x.shape, axis + 1, x.rank());
  if (k < 0 || k > dim)
    throw Error("k is " + std::to_string(k) + " but the dimension is " +
                std::to_string(dim));
  Shape shape = x.shape;
  shape[axis] = k;
  T<Real> values(x.dtype, shape), indices(DType::i64, shape);
  std::vector<int64_t> order(dim);
  for (int64_t o = 0; o < product(x.shape, 0, axis); ++o)
    for (int64_t i = 0; i < inner; ++i) {
      auto element = [&](int64_t d) { return (o * dim + d) * inner + i; };
      std::iota(order.begin(), order.end(), 0);
      std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        int64_t first = element(a), second = element(b);
        return before(x, first, second, largest) ||
               (a < b && !before(x, second, first, largest));
      });
      for (int64_t j = 0; j < k; ++j) {
        int64_t target = (o * k + j) * inner + i;
        copyRun(x, element(order[j]), values, target, 1);
        indices.ints[target] = order[j];
      }
    }
  return {std::move(values), std::move(indices)};
}

/// ArgMax and ArgMin: the index along `axis`; of equal elements the first, or
/// the last with select_last_index.
template <class Real> OperatorOf<Real> argument(bool largest) {
  return [=](const InputsOf<Real> &inputs, const Attributes &attributes) {
    const T<Real> &x = required(inputs, 0);
    int64_t axis = normalizeAxis(integer(attributes, "axis", 0), x.rank());
    bool last = integer(attributes, "select_last_index", 0) != 0;
    int64_t dim = x.shape[axis], inner = product(x.shape, axis + 1, x.rank());
    if (dim == 0)
      throw Error("the dimension is empty");
    Shape shape = x.shape;
    shape[axis] = 1;
    T<Real> result(DType::i64, shape);
    for (int64_t i = 0; i < result.size(); ++i) {
      int64_t first = i / inner * dim * inner + i % inner, best = 0;
      for (int64_t d = 1; d < dim; ++d) {
        int64_t a = first + d * inner, b = first + best * inner;
        if (before(x, a, b, largest) || (last && !before(x, b, a, largest)))
          best = d;
      }
      result.ints[i] = best;
    }
    if (!integer(attributes, "keepdims", 1))
      result.shape.erase(result.shape.begin() + axis);
    return Results<Real>{std::move(result)};
  };
}

/// NonZero of booleans: the indices of the true elements, in order; one row per
/// dimension.
template <class Real>
Results<Real> nonZero(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &x = requiredInt(inputs, 0);
  std::vector<int64_t> places;
  for (size_t i = 0; i < x.ints.size(); ++i)
    if (x.ints[i])
      places.push_back(static_cast<int64_t>(i));
  auto count = static_cast<int64_t>(places.size());
  T<Real> result(DType::i64, {x.rank(), count});
  Shape strides = stridesOf(x.shape);
  for (int64_t d = 0; d < x.rank(); ++d)
    for (int64_t i = 0; i < count; ++i)
      result.ints[d * count + i] = places[i] / strides[d] % x.shape[d];
  return {std::move(result)};
}
} // namespace

template <class Real> void reference::addIndexing(TableOf<Real> &table) {
  table["Gather"] = gather<Real>;
  table["GatherElements"] = gatherElements<Real>;
  table["GatherND"] = gatherND<Real>;
  table["NonZero"] = nonZero<Real>;
  table["OneHot"] = oneHot<Real>;
  table["ScatterElements"] = scatterElements<Real>;
  table["ScatterND"] = scatterND<Real>;
  table["TensorScatter"] = tensorScatter<Real>;
  table["TopK"] = topK<Real>;
  table["ArgMax"] = argument<Real>(true);
  table["ArgMin"] = argument<Real>(false);
}

template void reference::addIndexing(TableOf<double> &);
template void reference::addIndexing(TableOf<Exact> &);
