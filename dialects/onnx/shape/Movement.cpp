// Operators that take elements from one place to another by position alone.
#include "dialects/onnx/shape/Rules.h"

#include <numeric>

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

Results transpose(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t rank = x.rank();
  SmallVector<int64_t> perm(rank);
  std::iota(perm.rbegin(), perm.rend(), 0);
  if (auto given = inference.integers("perm")) {
    SmallVector<bool> seen(rank, false);
    for (int64_t axis : *given)
      if (static_cast<int64_t>(given->size()) != rank || axis < 0 ||
          axis >= rank || std::exchange(seen[axis], true)) {
        std::string list;
        for (int64_t entry : *given)
          list += (list.empty() ? "" : ", ") + std::to_string(entry);
        inference.fail("perm [" + list + "] is no permutation of the " +
                       Twine(rank) + " dimensions of the input");
      }
    if (given->size() != perm.size())
      inference.fail("perm is empty, but the input has rank " + Twine(rank));
    perm = *given;
  }
  Shape shape;
  for (int64_t axis : perm)
    shape.push_back(x.shape[axis]);
  Contents contents;
  auto own = constantShape(x.shape), result = constantShape(shape);
  if (x.contents && own && result)
    contents = makeContents(shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *result), from(rank);
      for (int64_t i = 0; i < rank; ++i)
        from[perm[i]] = index[i];
      return (*x.contents)[flatten(from, *own)];
    });
  return {{x.elementType, std::move(shape), std::move(contents)}};
}

Results concat(Inference &inference) {
  const ValueInfo &first = inference.in(0);
  int64_t axis = inference.axis(inference.integer("axis"), first.rank());
  Shape shape = first.shape;
  for (unsigned i = 1; i < inference.operands.size(); ++i) {
    const ValueInfo &next = inference.in(i);
    if (next.rank() != first.rank())
      inference.fail("the operands have different ranks: " +
                     Twine(first.rank()) + " and " + Twine(next.rank()));
    for (int64_t d = 0; d < first.rank(); ++d) {
      if (d == axis) {
        shape[d] = shape[d] + next.shape[d];
        continue;
      }
      inference.requireEqual(shape[d], next.shape[d],
                             "the sizes of dimension " + Twine(d));
      shape[d] = next.shape[d].constant() ? next.shape[d]
                                          : inference.ctx.simplify(shape[d]);
    }
  }
  Contents contents;
  if (auto result = constantShape(shape)) {
    SmallVector<SmallVector<int64_t>> shapes;
    for (const ValueInfo &operand : inference.operands)
      if (auto own = constantShape(operand.shape); own && operand.contents)
        shapes.push_back(std::move(*own));
    if (shapes.size() == inference.operands.size())
      contents = makeContents(shape, [&](int64_t position) {
        SmallVector<int64_t> index = unflatten(position, *result);
        size_t part = 0;
        while (index[axis] >= shapes[part][axis])
          index[axis] -= shapes[part++][axis];
        return (
            *inference.operands[part].contents)[flatten(index, shapes[part])];
      });
  }
  return {{first.elementType, std::move(shape), std::move(contents)}};
}

/// The part [offset, offset + size) along an axis, where all is constant.
Contents part(const ValueInfo &x, const Shape &shape, int64_t axis,
              int64_t offset) {
  auto own = constantShape(x.shape), result = constantShape(shape);
  if (!x.contents || !own || !result)
    return std::nullopt;
  return makeContents(shape, [&](int64_t position) {
    SmallVector<int64_t> index = unflatten(position, *result);
    index[axis] += offset;
    if (index[axis] >= (*own)[axis])
      throw Error("outside");
    return (*x.contents)[flatten(index, *own)];
  });
}

Results split(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t axis = inference.axis(inference.integer("axis", 0), x.rank());
  int64_t count = inference.op->getNumResults();
  Expr whole = x.shape[axis];
  std::vector<Expr> sizes;
  if (inference.has(1)) {
    inference.requireRank(1, 1, 1);
    inference.requireEqual(inference.in(1).shape[0], Expr(count),
                           "the numbers of sizes and of results");
    if (Contents known = inference.contents(1)) {
      sizes = *known;
      Expr sum;
      for (const Expr &size : sizes) {
        if (auto number = size.constant(); number && *number < 0)
          inference.fail("a size is negative: " + Twine(*number));
        sum = sum + size;
      }
      inference.requireEqual(
          sum, whole, "the sum of the sizes and dimension " + Twine(axis));
    } else {
      for (int64_t i = 0; i < count; ++i)
        sizes.push_back(inference.fresh("the size of part " + Twine(i)));
    }
  } else {
    // Equal parts; the last one is smaller where it does not come out even.
    int64_t parts = inference.integer("num_outputs", count);
    if (parts != count || count == 0)
      inference.fail("num_outputs is " + Twine(parts) + ", but there are " +
                     Twine(count) + " results");
    Expr size = ceilDiv(inference.ctx, whole, count);
    Expr last = whole - Expr(count - 1) * size;
    inference.requireAtLeast(last, Expr(0),
                             "dimension " + Twine(axis) + " is too small for " +
                                 Twine(count) + " parts");
    sizes.assign(static_cast<size_t>(count - 1), size);
    sizes.push_back(last);
  }
  Results results;
  std::optional<int64_t> offset = 0;
  for (const Expr &size : sizes) {
    Shape shape = x.shape;
    shape[axis] = size;
    Contents contents = offset ? part(x, shape, axis, *offset) : std::nullopt;
    results.push_back({x.elementType, std::move(shape), std::move(contents)});
    std::optional<int64_t> number = size.constant();
    offset = offset && number ? std::optional(*offset + *number) : std::nullopt;
  }
  return results;
}

/// Where a slice begins, or ends, in [low, high]: negative positions count
/// from the end.
Expr clampPosition(Context &ctx, const Expr &position, const Expr &dim,
                   const Expr &low, const Expr &high) {
  std::optional<int64_t> number = position.constant();
  if (number && *number >= INT32_MAX)
    return high;
  if (number && *number <= INT32_MIN)
    return low;
  Expr resolved =
      ctx.select(ctx.less(position, Expr(0)), position + dim, position);
  return ctx.max(low, ctx.min(resolved, high));
}

Results slice(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  Contents starts = inference.contents(1), ends = inference.contents(2);
  inference.requireRank(1, 1, 1);
  inference.requireRank(2, 1, 1);
  if (inference.axesUnknown(3))
    return ofRank(inference, x.rank());
  SmallVector<int64_t> axes;
  if (auto given = inference.axesOperand(3, x.rank())) {
    axes = *given;
  } else {
    std::optional<int64_t> count = inference.in(1).shape[0].constant();
    if (!count || *count < 0 || *count > x.rank())
      inference.fail("the number of starts does not fit the rank, which is " +
                     Twine(x.rank()));
    axes.resize(static_cast<size_t>(*count));
    std::iota(axes.begin(), axes.end(), 0);
  }
  Expr count(static_cast<int64_t>(axes.size()));
  inference.requireEqual(inference.in(1).shape[0], count,
                         "the numbers of starts and axes");
  inference.requireEqual(inference.in(2).shape[0], count,
                         "the numbers of ends and axes");
  std::optional<SmallVector<int64_t>> steps;
  if (inference.has(4)) {
    inference.requireEqual(
        inference.in(4).shape.empty() ? Expr(1) : inference.in(4).shape[0],
        count, "the numbers of steps and axes");
    steps = inference.numbers(4);
  } else {
    steps = SmallVector<int64_t>(axes.size(), 1);
  }
  Shape shape = x.shape;
  SmallVector<Expr> first(x.shape.size(), Expr(0));
  SmallVector<int64_t> stride(x.shape.size(), 1);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    if (steps && (*steps)[i] == 0)
      inference.fail("a step is 0");
    if (!starts || !ends || !steps) {
      shape[axis] =
          inference.fresh("dimension " + Twine(axis) + " of the slice");
      continue;
    }
    Context &ctx = inference.ctx;
    const Expr &dim = x.shape[axis], zero(0);
    int64_t step = stride[axis] = (*steps)[i];
    if (step > 0) {
      Expr begin = clampPosition(ctx, (*starts)[i], dim, zero, dim);
      Expr end = clampPosition(ctx, (*ends)[i], dim, zero, dim);
      shape[axis] = ctx.max(zero, ceilDiv(ctx, end - begin, step));
      first[axis] = begin;
    } else {
      if (step < -INT32_MAX)
        step = -INT32_MAX;
      Expr begin = clampPosition(ctx, (*starts)[i], dim, zero, dim - Expr(1));
      Expr end = clampPosition(ctx, (*ends)[i], dim, Expr(-1), dim - Expr(1));
      shape[axis] = ctx.max(zero, ceilDiv(ctx, begin - end, -step));
      first[axis] = begin;
    }
  }
  Contents contents;
  auto own = constantShape(x.shape), result = constantShape(shape);
  auto begin = constantShape(first);
  if (x.contents && own && result && begin && starts && ends && steps)
    contents = makeContents(shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *result);
      for (size_t i = 0; i < index.size(); ++i)
        index[i] = (*begin)[i] + index[i] * stride[i];
      return (*x.contents)[flatten(index, *own)];
    });
  return {{x.elementType, std::move(shape), std::move(contents)}};
}

Results pad(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  if (inference.axesUnknown(3))
    return ofRank(inference, x.rank());
  SmallVector<int64_t> axes;
  if (auto given = inference.axesOperand(3, x.rank())) {
    axes = *given;
  } else {
    axes.resize(static_cast<size_t>(x.rank()));
    std::iota(axes.begin(), axes.end(), 0);
  }
  int64_t count = static_cast<int64_t>(axes.size());
  inference.requireRank(1, 1, 1);
  inference.requireEqual(inference.in(1).shape[0], Expr(2 * count),
                         "the number of pads and twice the number of axes");
  Contents pads = inference.contents(1);
  Shape shape = x.shape;
  for (int64_t i = 0; i < count; ++i) {
    Expr &dim = shape[axes[i]];
    if (!pads) {
      dim = inference.fresh("dimension " + Twine(axes[i]) + " after padding");
      continue;
    }
    dim = dim + (*pads)[i] + (*pads)[i + count];
    inference.requireAtLeast(dim, Expr(0),
                             "the padded size of dimension " + Twine(axes[i]));
  }
  Contents contents;
  auto own = constantShape(x.shape), result = constantShape(shape);
  auto before = inference.numbers(1);
  Contents filler =
      inference.has(2) ? inference.contents(2) : Contents({Expr(0)});
  if (x.contents && own && result && before && filler && filler->size() == 1 &&
      inference.string("mode", "constant") == "constant")
    contents = makeContents(shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *result);
      for (int64_t i = 0; i < count; ++i)
        index[axes[i]] -= (*before)[i];
      for (size_t i = 0; i < index.size(); ++i)
        if (index[i] < 0 || index[i] >= (*own)[i])
          return (*filler)[0];
      return (*x.contents)[flatten(index, *own)];
    });
  return {{x.elementType, std::move(shape), std::move(contents)}};
}

Results trilu(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  inference.requireRank(0, 2);
  Results results = likeFirst(inference);
  std::optional<int64_t> k = 0;
  if (inference.has(1)) {
    std::optional<Expr> given = inference.scalar(1);
    k = given ? given->constant() : std::nullopt;
  }
  bool upper = inference.integer("upper", 1) != 0;
  if (auto own = constantShape(x.shape); x.contents && own && k)
    results[0].contents = makeContents(x.shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *own);
      int64_t row = index[index.size() - 2], column = index.back();
      bool kept = upper ? column - row >= *k : column - row <= *k;
      return kept ? (*x.contents)[position] : Expr(0);
    });
  return results;
}

} // namespace

ArrayRef<NamedRule> movementRules() {
  static const NamedRule rules[] = {
      {"Transpose", transpose}, {"Concat", concat}, {"Split", split},
      {"Slice", slice},         {"Pad", pad},       {"Trilu", trilu},
  };
  return rules;
}

} // namespace jarana::onnx::shape
