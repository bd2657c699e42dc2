// Operators that read or write at indices.
#include "dialects/onnx/shape/Rules.h"

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

/// Known indices must be inside of the dimension, now or when the model runs.
void checkIndices(Inference &inference, unsigned operand, const Expr &dim,
                  const Twine &where) {
  std::optional<SmallVector<int64_t>> indices = inference.numbers(operand);
  if (!indices || indices->empty())
    return;
  int64_t most = *llvm::max_element(*indices),
          least = *llvm::min_element(*indices);
  auto check = [&](const Expr &needed, int64_t index) {
    if (!inference.ctx.requireAtLeast(
            dim, needed,
            inference.who() + ": index " + std::to_string(index) +
                " is out of range for " + where.str()))
      inference.fail("index " + Twine(index) + " is out of range for " + where +
                     ", whose size is " + inference.text(dim));
  };
  if (most >= 0)
    check(Expr(most) + Expr(1), most);
  if (least < 0)
    check(Expr(-1) * Expr(least), least);
}

Results gather(Inference &inference) {
  const ValueInfo &data = inference.in(0), &indices = inference.in(1);
  int64_t axis = inference.axis(inference.integer("axis", 0), data.rank());
  checkIndices(inference, 1, data.shape[axis], "axis " + Twine(axis));
  Shape shape(data.shape.begin(), data.shape.begin() + axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), data.shape.begin() + axis + 1, data.shape.end());
  Contents contents;
  auto own = constantShape(data.shape), result = constantShape(shape),
       at = constantShape(indices.shape), number = inference.numbers(1);
  if (data.contents && own && result && at && number)
    contents = makeContents(shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *result), from;
      ArrayRef<int64_t> all = index;
      int64_t chosen = (*number)[flatten(all.slice(axis, at->size()), *at)];
      llvm::append_range(from, all.take_front(axis));
      from.push_back(chosen < 0 ? chosen + (*own)[axis] : chosen);
      llvm::append_range(from, all.drop_front(axis + at->size()));
      return (*data.contents)[flatten(from, *own)];
    });
  return {{data.elementType, std::move(shape), std::move(contents)}};
}

Results gatherElements(Inference &inference) {
  const ValueInfo &data = inference.in(0), &indices = inference.in(1);
  int64_t axis = inference.axis(inference.integer("axis", 0), data.rank());
  if (indices.rank() != data.rank())
    inference.fail("the indices must have the rank of the data, " +
                   Twine(data.rank()));
  checkIndices(inference, 1, data.shape[axis], "axis " + Twine(axis));
  for (int64_t i = 0; i < data.rank(); ++i)
    if (i != axis)
      inference.requireAtLeast(
          data.shape[i], indices.shape[i],
          "dimension " + Twine(i) +
              " of the indices is larger than that of the data");
  return {{data.elementType, indices.shape, std::nullopt}};
}

/// The number of coordinates in the last dimension of the indices.
int64_t coordinates(Inference &inference, unsigned operand, int64_t most) {
  inference.requireRank(operand, 1);
  std::optional<int64_t> count = inference.in(operand).shape.back().constant();
  if (!count || *count < 0 || *count > most)
    inference.fail("the last dimension of the indices, " +
                   inference.text(inference.in(operand).shape.back()) +
                   ", must be a number up to " + Twine(most));
  return *count;
}

Results gatherNd(Inference &inference) {
  const ValueInfo &data = inference.in(0), &indices = inference.in(1);
  int64_t batch = inference.integer("batch_dims", 0);
  if (batch < 0 || batch >= indices.rank() || batch > data.rank())
    inference.fail("batch_dims " + Twine(batch) + " does not fit the ranks " +
                   Twine(data.rank()) + " and " + Twine(indices.rank()));
  int64_t depth = coordinates(inference, 1, data.rank() - batch);
  for (int64_t i = 0; i < batch; ++i)
    inference.requireEqual(data.shape[i], indices.shape[i],
                           "the sizes of batch dimension " + Twine(i));
  Shape shape(indices.shape.begin(), indices.shape.end() - 1);
  shape.insert(shape.end(), data.shape.begin() + batch + depth,
               data.shape.end());
  return {{data.elementType, std::move(shape), std::nullopt}};
}

Results scatterElements(Inference &inference) {
  const ValueInfo &data = inference.in(0), &indices = inference.in(1),
                  &updates = inference.in(2);
  int64_t axis = inference.axis(inference.integer("axis", 0), data.rank());
  if (indices.rank() != data.rank() || updates.rank() != data.rank())
    inference.fail("the indices and updates must have the rank of the data, " +
                   Twine(data.rank()));
  checkIndices(inference, 1, data.shape[axis], "axis " + Twine(axis));
  for (int64_t i = 0; i < data.rank(); ++i) {
    inference.requireEqual(indices.shape[i], updates.shape[i],
                           "the sizes of dimension " + Twine(i) +
                               " of indices and updates");
    if (i != axis)
      inference.requireAtLeast(
          data.shape[i], indices.shape[i],
          "dimension " + Twine(i) +
              " of the indices is larger than that of the data");
  }
  return likeFirst(inference);
}

Results scatterNd(Inference &inference) {
  const ValueInfo &data = inference.in(0), &indices = inference.in(1),
                  &updates = inference.in(2);
  int64_t depth = coordinates(inference, 1, data.rank());
  Shape expected(indices.shape.begin(), indices.shape.end() - 1);
  expected.insert(expected.end(), data.shape.begin() + depth, data.shape.end());
  if (updates.shape.size() != expected.size())
    inference.fail("the updates must have rank " + Twine(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i)
    inference.requireEqual(updates.shape[i], expected[i],
                           "dimension " + Twine(i) +
                               " of the updates and what the indices ask for");
  return likeFirst(inference);
}

Results tensorScatter(Inference &inference) {
  const ValueInfo &cache = inference.in(0), &update = inference.in(1);
  int64_t axis = inference.axis(inference.integer("axis", -2), cache.rank());
  if (axis == 0)
    inference.fail("axis must not be 0, which is the batch");
  if (update.rank() != cache.rank())
    inference.fail("the update must have the rank of the cache, " +
                   Twine(cache.rank()));
  for (int64_t i = 0; i < cache.rank(); ++i)
    if (i == axis)
      inference.requireAtLeast(cache.shape[i], update.shape[i],
                               "the update is longer than the cache");
    else
      inference.requireEqual(cache.shape[i], update.shape[i],
                             "the sizes of dimension " + Twine(i));
  if (inference.has(2)) {
    inference.requireRank(2, 1, 1);
    inference.requireEqual(inference.in(2).shape[0], cache.shape[0],
                           "the number of write indices and the batch");
  }
  return likeFirst(inference);
}

Results oneHot(Inference &inference) {
  const ValueInfo &indices = inference.in(0);
  int64_t rank = indices.rank() + 1;
  int64_t axis = inference.axis(inference.integer("axis", -1), rank);
  if (inference.in(1).rank() > 1 || inference.in(2).rank() != 1)
    inference.fail("depth must be a scalar, and values have two elements");
  inference.requireEqual(inference.in(2).shape[0], Expr(2),
                         "the number of values and 2");
  std::optional<Expr> depth = inference.scalar(1);
  if (depth)
    if (auto number = depth->constant(); number && *number < 0)
      inference.fail("the depth is negative");
  Shape shape = indices.shape;
  shape.insert(shape.begin() + axis,
               depth ? *depth : inference.fresh("the depth"));
  Contents contents, values = inference.contents(2);
  auto result = constantShape(shape), own = constantShape(indices.shape);
  auto numbers = inference.numbers(0);
  if (values && values->size() == 2 && result && own && numbers)
    contents = makeContents(shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *result);
      int64_t column = index[axis], count = (*result)[axis];
      index.erase(index.begin() + axis);
      int64_t hot = (*numbers)[flatten(index, *own)];
      return (*values)[column == (hot < 0 ? hot + count : hot)];
    });
  return {{inference.in(2).elementType, std::move(shape), std::move(contents)}};
}

Results topK(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t axis = inference.axis(inference.integer("axis", -1), x.rank());
  std::optional<Expr> k = inference.scalar(1);
  Shape shape = x.shape;
  if (k) {
    inference.requireAtLeast(*k, Expr(0), "K must not be negative");
    inference.requireAtLeast(x.shape[axis], *k,
                             "K is larger than axis " + Twine(axis));
  }
  shape[axis] = k ? *k : inference.fresh("the number K");
  return {{x.elementType, shape, std::nullopt},
          {inference.builder().getI64Type(), shape, std::nullopt}};
}

/// The importer makes what is not boolean so.
Results nonZero(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  if (!x.elementType.isInteger(1))
    inference.fail("the operand must be boolean");
  return {{inference.builder().getI64Type(),
           {Expr(x.rank()), inference.fresh("the number of true elements")},
           std::nullopt}};
}

} // namespace

ArrayRef<NamedRule> gatherRules() {
  static const NamedRule rules[] = {
      {"Gather", gather},       {"GatherElements", gatherElements},
      {"GatherND", gatherNd},   {"ScatterElements", scatterElements},
      {"ScatterND", scatterNd}, {"TensorScatter", tensorScatter},
      {"OneHot", oneHot},       {"TopK", topK},
      {"NonZero", nonZero},
  };
  return rules;
}

} // namespace jarana::onnx::shape
