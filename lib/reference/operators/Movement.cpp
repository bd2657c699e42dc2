// Operators that rearrange, repeat or make elements without computing on them:
// https://onnx.ai/onnx/operators, opset 27.
#include "lib/reference/operators/Support.h"

#include <algorithm>
#include <numeric>

using namespace jarana;
using namespace jarana::reference;

namespace {
template <class Real> using T = TensorOf<Real>;
template <class Real> using Results = std::vector<T<Real>>;

template <class Real>
Results<Real> identity(const InputsOf<Real> &inputs, const Attributes &) {
  return {required(inputs, 0)};
}

/// Reshape: 0 keeps the input's dimension (unless allowzero), one -1 takes what
/// is left.
template <class Real>
Results<Real> reshape(const InputsOf<Real> &inputs,
                      const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  Shape shape = requiredInt(inputs, 1).ints;
  bool keepZeros = integer(attributes, "allowzero", 0) != 0;
  int64_t open = -1, known = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && !keepZeros) {
      if (d >= x.shape.size())
        throw Error("dimension " + std::to_string(d) +
                    " is 0, but the input has no such dimension to copy");
      shape[d] = x.shape[d];
    }
    if (shape[d] == -1) {
      if (open >= 0)
        throw Error("more than one -1 in shape " + toText(shape));
      open = d;
    } else if (shape[d] < 0) {
      throw Error("a dimension is negative in shape " + toText(shape));
    } else if (__builtin_mul_overflow(known, shape[d], &known)) {
      throw Error("shape " + toText(shape) + " is too large");
    }
  }
  if (open >= 0) {
    if (known == 0 ? x.size() != 0 : x.size() % known != 0)
      throw Error("shape " + toText(x.shape) + " cannot become " +
                  toText(shape));
    shape[open] = known == 0 ? 0 : x.size() / known;
  }
  return {reshaped(x, shape)};
}

/// Flatten: two dimensions, those before `axis` and those from it on.
template <class Real>
Results<Real> flatten(const InputsOf<Real> &inputs,
                      const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  int64_t axis = integer(attributes, "axis", 1);
  if (axis < -x.rank() || axis > x.rank())
    throw Error("axis " + std::to_string(axis) + " is outside of rank " +
                std::to_string(x.rank()));
  if (axis < 0)
    axis += x.rank();
  return {reshaped(
      x, {product(x.shape, 0, axis), product(x.shape, axis, x.rank())})};
}

/// The axes of input 1, each in [0, rank), sorted, without repetition.
template <class Real>
Shape sortedAxes(const InputsOf<Real> &inputs, int64_t rank) {
  Shape axes;
  for (int64_t axis : requiredInt(inputs, 1).ints)
    axes.push_back(normalizeAxis(axis, rank));
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    throw Error("an axis is given twice");
  return axes;
}

/// Squeeze: without axes, every dimension of 1 goes.
template <class Real>
Results<Real> squeeze(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &x = required(inputs, 0);
  Shape shape, axes;
  bool given = present(inputs, 1);
  if (given)
    axes = sortedAxes(inputs, x.rank());
  for (int64_t d = 0; d < x.rank(); ++d) {
    bool drop = given ? std::binary_search(axes.begin(), axes.end(), d)
                      : x.shape[d] == 1;
    if (drop && x.shape[d] != 1)
      throw Error("dimension " + std::to_string(d) + " of shape " +
                  toText(x.shape) + " is not 1 and cannot be squeezed");
    if (!drop)
      shape.push_back(x.shape[d]);
  }
  return {reshaped(x, shape)};
}

/// Unsqueeze: axes count in the result.
template <class Real>
Results<Real> unsqueeze(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &x = required(inputs, 0);
  Shape shape = x.shape;
  for (int64_t axis :
       sortedAxes(inputs, x.rank() + requiredInt(inputs, 1).size()))
    shape.insert(shape.begin() + axis, 1);
  return {reshaped(x, shape)};
}

template <class Real>
Results<Real> transpose(const InputsOf<Real> &inputs,
                        const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  Shape reversed(x.rank());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  Shape order = integers(attributes, "perm", reversed), sorted = order;
  std::sort(sorted.begin(), sorted.end());
  if (!std::equal(sorted.begin(), sorted.end(), reversed.rbegin(),
                  reversed.rend()))
    throw Error("perm " + toText(order) + " does not permute rank " +
                std::to_string(x.rank()));
  return {transposed(x, order)};
}

/// Expand: broadcasts in both directions.
template <class Real>
Results<Real> expand(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &x = required(inputs, 0);
  Shape shape = broadcast(x.shape, requiredInt(inputs, 1).ints);
  return {strided(x, shape, broadcastStrides(x.shape, shape))};
}

/// Joins tensors of one type along `axis`.
template <class Real>
Results<Real> concat(const InputsOf<Real> &inputs,
                     const Attributes &attributes) {
  const T<Real> &first = required(inputs, 0);
  int64_t axis = normalizeAxis(integer(attributes, "axis"), first.rank());
  Shape shape = first.shape;
  shape[axis] = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const T<Real> &part = required(inputs, i);
    Shape expected = first.shape;
    if (part.rank() == first.rank())
      expected[axis] = part.shape[axis];
    expectShape("input " + std::to_string(i), part.shape, expected);
    if (part.dtype != first.dtype)
      throw Error("the inputs have different types, " + name(first.dtype) +
                  " and " + name(part.dtype));
    shape[axis] += part.shape[axis];
  }
  T<Real> result(first.dtype, shape);
  int64_t outer = product(shape, 0, axis),
          inner = product(shape, axis + 1, first.rank()), at = 0;
  for (int64_t o = 0; o < outer; ++o)
    for (const T<Real> *part : inputs) {
      int64_t run = part->shape[axis] * inner;
      copyRun(*part, o * run, result, at, run);
      at += run;
    }
  return {std::move(result)};
}

/// Split: by the sizes of input 1, or into num_outputs parts, of which the last
/// may be smaller.
template <class Real>
Results<Real> split(const InputsOf<Real> &inputs,
                    const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  int64_t axis = normalizeAxis(integer(attributes, "axis", 0), x.rank());
  Shape sizes;
  if (present(inputs, 1)) {
    sizes = requiredInt(inputs, 1).ints;
  } else {
    int64_t parts = integer(attributes, "num_outputs"), left = x.shape[axis];
    if (parts < 1)
      throw Error("num_outputs must be at least 1");
    int64_t size = (left + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i, left -= sizes.back())
      sizes.push_back(std::min(size, left));
  }
  if (std::accumulate(sizes.begin(), sizes.end(), int64_t{0}) != x.shape[axis])
    throw Error("the sizes " + toText(sizes) + " do not add up to dimension " +
                std::to_string(axis) + " of shape " + toText(x.shape));
  Results<Real> results;
  int64_t begin = 0;
  for (int64_t size : sizes) {
    Shape shape = x.shape, strides = stridesOf(x.shape);
    shape[axis] = size;
    results.push_back(strided(x, shape, strides, begin * strides[axis]));
    begin += size;
  }
  return results;
}

/// Slice: data, starts, ends, axes?, steps?. Starts and ends are clamped as in
/// numpy.
template <class Real>
Results<Real> slice(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &x = required(inputs, 0);
  const Shape &starts = requiredInt(inputs, 1).ints,
              &ends = requiredInt(inputs, 2).ints;
  Shape axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  if (present(inputs, 3))
    axes = requiredInt(inputs, 3).ints;
  if (present(inputs, 4))
    steps = requiredInt(inputs, 4).ints;
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size())
    throw Error("starts, ends, axes and steps must have the same length");
  Shape shape = x.shape, strides = stridesOf(x.shape);
  int64_t offset = 0;
  for (size_t i = 0; i < starts.size(); ++i) {
    int64_t axis = normalizeAxis(axes[i], x.rank()), dim = x.shape[axis],
            step = steps[i];
    if (step == 0)
      throw Error("a step is 0");
    // Backwards the first element may be dim - 1 and the end -1 (before all).
    int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? dim : dim - 1;
    auto clamp = [&](int64_t at) {
      return std::clamp(at < 0 ? at + dim : at, lowest, highest);
    };
    int64_t start = clamp(starts[i]), end = clamp(ends[i]);
    int64_t span = step > 0 ? end - start : start - end;
    // The magnitude as unsigned: the step may be the lowest integer.
    uint64_t stride = step > 0 ? step : -static_cast<uint64_t>(step);
    shape[axis] =
        span <= 0 ? 0 : (static_cast<uint64_t>(span) - 1) / stride + 1;
    offset += start * strides[axis];
    strides[axis] *= shape[axis] > 1 ? step : 1;
  }
  if (elementCount(shape) == 0)
    return {T<Real>(x.dtype, shape)};
  return {strided(x, shape, strides, offset)};
}

template <class Real>
Results<Real> tile(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &x = required(inputs, 0);
  const Shape &repeats = requiredInt(inputs, 1).ints;
  expectShape("repeats", requiredInt(inputs, 1).shape, {x.rank()});
  // Each dimension d is read as [repeats[d], d] with stride 0 for the repeats.
  Shape strides = stridesOf(x.shape), view, viewStrides, shape;
  for (int64_t d = 0; d < x.rank(); ++d) {
    view.insert(view.end(), {repeats[d], x.shape[d]});
    viewStrides.insert(viewStrides.end(), {0, strides[d]});
    shape.push_back(repeats[d] * x.shape[d]);
  }
  return {reshaped(strided(x, view, viewStrides), shape)};
}

/// Where position `at` of a padded dimension reads, -1 for the constant.
int64_t padSource(const std::string &mode, int64_t at, int64_t dim) {
  if (at >= 0 && at < dim)
    return at;
  if (mode == "constant" || dim == 0)
    return -1;
  if (mode == "edge")
    return at < 0 ? 0 : dim - 1;
  if (mode == "wrap")
    return ((at % dim) + dim) % dim;
  if (mode != "reflect")
    throw Error("there is no padding mode '" + mode + "'");
  int64_t period = dim > 1 ? 2 * (dim - 1) : 1;
  at = ((at % period) + period) % period;
  return at < dim ? at : period - at;
}

/// Pad: data, pads (begins, then ends; negative ones cut), value?, axes?.
template <class Real>
Results<Real> pad(const InputsOf<Real> &inputs, const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  const Shape &pads = requiredInt(inputs, 1).ints;
  Shape axes(x.rank());
  std::iota(axes.begin(), axes.end(), 0);
  if (present(inputs, 3))
    axes = requiredInt(inputs, 3).ints;
  if (pads.size() != 2 * axes.size())
    throw Error("pads must have two entries per axis");
  Shape begin(x.rank(), 0), shape = x.shape;
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = normalizeAxis(axes[i], x.rank());
    begin[axis] = pads[i];
    shape[axis] += pads[i] + pads[i + axes.size()];
  }
  T<Real> zero(x.dtype, {}), result(x.dtype, shape);
  const T<Real> &fill = present(inputs, 2) ? required(inputs, 2) : zero;
  if (fill.dtype != x.dtype || fill.size() != 1)
    throw Error("the padding value must be one " + name(x.dtype));
  std::string mode = text(attributes, "mode", "constant");
  if (result.size() == 0)
    return {std::move(result)};
  // Where each index of a dimension reads from; negative: from no element.
  int64_t outside = std::numeric_limits<int64_t>::min() / (x.rank() + 1);
  Shape strides = stridesOf(x.shape);
  std::vector<Shape> sources(x.rank());
  for (int64_t d = 0; d < x.rank(); ++d)
    for (int64_t at = 0; at < shape[d]; ++at) {
      int64_t from = padSource(mode, at - begin[d], x.shape[d]);
      sources[d].push_back(from < 0 ? outside : from * strides[d]);
    }
  // The last dimensions that nothing is added to or cut from are copied whole.
  int64_t outer = x.rank(), run = 1;
  for (; outer > 0 && shape[outer - 1] == x.shape[outer - 1] &&
         begin[outer - 1] == 0;
       --outer)
    run *= shape[outer - 1];
  Shape index(outer, 0);
  for (int64_t i = 0; i < result.size(); i += run) {
    int64_t source = 0;
    for (int64_t d = 0; d < outer; ++d)
      source += sources[d][index[d]];
    if (source >= 0)
      copyRun(x, source, result, i, run);
    else
      for (int64_t j = 0; j < run; ++j)
        copyRun(fill, 0, result, i + j, 1);
    for (int64_t d = outer; d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  return {std::move(result)};
}

/// Trilu: keeps the upper (column >= row + k) or lower (column <= row + k)
/// triangle.
template <class Real>
Results<Real> trilu(const InputsOf<Real> &inputs,
                    const Attributes &attributes) {
  T<Real> result = required(inputs, 0);
  if (result.rank() < 2)
    throw Error("the input has shape " + toText(result.shape) +
                ", but at least rank 2 is expected");
  bool upper = integer(attributes, "upper", 1) != 0;
  int64_t k = present(inputs, 1) ? intScalar(required(inputs, 1)) : 0;
  int64_t columns = result.shape.back(), rows = result.shape[result.rank() - 2];
  T<Real> zero(result.dtype, {});
  for (int64_t i = 0; i < result.size(); ++i) {
    int64_t row = i / columns % rows, column = i % columns;
    if (upper ? column - row < k : column - row > k)
      copyRun(zero, 0, result, i, 1);
  }
  return {std::move(result)};
}

template <class Real> T<Real> vectorOf(const Shape &values) {
  T<Real> result(DType::i64, {static_cast<int64_t>(values.size())});
  result.ints = values;
  return result;
}

/// Shape: dimensions [start, end), both clamped.
template <class Real>
Results<Real> shapeOf(const InputsOf<Real> &inputs,
                      const Attributes &attributes) {
  const T<Real> &x = required(inputs, 0);
  auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + x.rank() : at, 0, x.rank());
  };
  int64_t begin = clamp(integer(attributes, "start", 0)),
          end = clamp(integer(attributes, "end", x.rank()));
  return {vectorOf<Real>(
      Shape(x.shape.begin() + begin, x.shape.begin() + std::max(begin, end)))};
}

template <class Real>
Results<Real> sizeOf(const InputsOf<Real> &inputs, const Attributes &) {
  return {reshaped(vectorOf<Real>({required(inputs, 0).size()}), {})};
}

/// ConstantOfShape: `value` is the one element, `value.dtype` its type (f32
/// zeros without).
template <class Real>
Results<Real> constantOfShape(const InputsOf<Real> &inputs,
                              const Attributes &attributes) {
  T<Real> result(dtypeFromName(text(attributes, "value.dtype", "float32")),
                 requiredInt(inputs, 0).ints);
  if (has(attributes, "value")) {
    if (isFloat(result.dtype))
      std::fill(result.reals.begin(), result.reals.end(),
                Real(number(attributes, "value")));
    else
      std::fill(result.ints.begin(), result.ints.end(),
                integer(attributes, "value"));
  }
  return {std::move(result)};
}

/// Range: start, limit, delta; max(ceil((limit - start) / delta), 0) elements.
template <class Real>
Results<Real> range(const InputsOf<Real> &inputs, const Attributes &) {
  const T<Real> &start = required(inputs, 0), &limit = required(inputs, 1),
                &delta = required(inputs, 2);
  for (const T<Real> *x : {&start, &limit, &delta})
    if (x->size() != 1 || x->dtype != start.dtype)
      throw Error("start, limit and delta must be one element of one type");
  if (realAt(delta, 0) == Real(0))
    throw Error("delta is 0");
  if (isFloat(start.dtype)) {
    Real count = math::ceil((limit.reals[0] - start.reals[0]) / delta.reals[0]);
    T<Real> result(start.dtype, {count > Real(0) ? int64_t(count) : 0});
    for (int64_t i = 0; i < result.size(); ++i)
      result.reals[i] = start.reals[0] + Real(i) * delta.reals[0];
    return {rounded(std::move(result))};
  }
  __int128 span = static_cast<__int128>(limit.ints[0]) - start.ints[0],
           step = delta.ints[0];
  if (step < 0) {
    span = -span;
    step = -step;
  }
  T<Real> result(start.dtype,
                 {span > 0 ? static_cast<int64_t>((span - 1) / step + 1) : 0});
  for (int64_t i = 0; i < result.size(); ++i)
    result.ints[i] = start.ints[0] + i * delta.ints[0];
  return {std::move(result)};
}
} // namespace

template <class Real> void reference::addMovement(TableOf<Real> &table) {
  table["Identity"] = identity<Real>;
  table["Reshape"] = reshape<Real>;
  table["Flatten"] = flatten<Real>;
  table["Squeeze"] = squeeze<Real>;
  table["Unsqueeze"] = unsqueeze<Real>;
  table["Transpose"] = transpose<Real>;
  table["Expand"] = expand<Real>;
  table["Concat"] = concat<Real>;
  table["Split"] = split<Real>;
  table["Slice"] = slice<Real>;
  table["Tile"] = tile<Real>;
  table["Pad"] = pad<Real>;
  table["Trilu"] = trilu<Real>;
  table["Shape"] = shapeOf<Real>;
  table["Size"] = sizeOf<Real>;
  table["ConstantOfShape"] = constantOfShape<Real>;
  table["Range"] = range<Real>;
}

template void reference::addMovement(TableOf<double> &);
template void reference::addMovement(TableOf<Exact> &);
