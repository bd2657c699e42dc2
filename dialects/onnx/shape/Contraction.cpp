// Matrix products and convolutions.
#include "dialects/onnx/shape/Rules.h"

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

/// numpy.matmul
Shape matmulShape(Inference &inference) {
  inference.requireRank(0, 1);
  inference.requireRank(1, 1);
  Shape a = inference.in(0).shape, b = inference.in(1).shape;
  bool vectorLeft = a.size() == 1, vectorRight = b.size() == 1;
  if (vectorLeft)
    a.insert(a.begin(), Expr(1));
  if (vectorRight)
    b.push_back(Expr(1));
  inference.requireEqual(a.back(), b[b.size() - 2], "the inner dimensions");
  Shape shape = broadcastShapes(inference, {Shape(a.begin(), a.end() - 2),
                                            Shape(b.begin(), b.end() - 2)});
  if (!vectorLeft)
    shape.push_back(a[a.size() - 2]);
  if (!vectorRight)
    shape.push_back(b.back());
  return shape;
}

Results matmul(Inference &inference) {
  return {{inference.in(0).elementType, matmulShape(inference), std::nullopt}};
}

Results matmulInteger(Inference &inference) {
  return {
      {inference.builder().getI32Type(), matmulShape(inference), std::nullopt}};
}

Results gemm(Inference &inference) {
  inference.requireRank(0, 2, 2);
  inference.requireRank(1, 2, 2);
  Shape a = inference.in(0).shape, b = inference.in(1).shape;
  if (inference.integer("transA", 0))
    std::swap(a[0], a[1]);
  if (inference.integer("transB", 0))
    std::swap(b[0], b[1]);
  inference.requireEqual(a[1], b[0], "the inner dimensions");
  Shape shape = {a[0], b[1]};
  if (inference.has(2)) {
    const ValueInfo &c = inference.in(2);
    if (c.rank() > 2)
      inference.fail("C has rank " + Twine(c.rank()) +
                     ", which must be at most 2");
    for (int64_t i = 1; i <= c.rank(); ++i)
      if (const Expr &dim = c.shape[c.rank() - i]; !dim.isConstant(1))
        inference.requireEqual(shape[2 - i], dim,
                               "dimension " + Twine(2 - i) +
                                   " of the product and of C");
  }
  return {{inference.in(0).elementType, std::move(shape), std::nullopt}};
}

/// com.microsoft MatMulNBits: A [..., K], B for N columns.
Results matmulNBits(Inference &inference) {
  inference.requireRank(0, 1);
  Shape shape = inference.in(0).shape;
  int64_t depth = inference.integer("K"), columns = inference.integer("N");
  inference.requireEqual(shape.back(), Expr(depth),
                         "the last dimension of A and K");
  shape.back() = Expr(columns);
  return {{inference.in(0).elementType, std::move(shape), std::nullopt}};
}

/// A list attribute with one entry per spatial dimension.
SmallVector<int64_t> perDimension(Inference &inference, StringRef name,
                                  size_t count, int64_t fallback,
                                  int64_t least) {
  auto given = inference.integers(name);
  if (!given || given->empty())
    return SmallVector<int64_t>(count, fallback);
  if (given->size() != count)
    inference.fail(name + " has " + Twine(given->size()) +
                   " entries, which must be " + Twine(count));
  for (int64_t value : *given)
    if (value < least || value > INT32_MAX)
      inference.fail(name + " has the entry " + Twine(value) +
                     ", which must be from " + Twine(least) + " on");
  return *given;
}

Results conv(Inference &inference) {
  const ValueInfo &x = inference.in(0), &w = inference.in(1);
  inference.requireRank(0, 3);
  inference.requireRank(1, x.rank(), x.rank());
  size_t spatial = x.shape.size() - 2;
  int64_t group = inference.integer("group", 1);
  if (group < 1)
    inference.fail("group is " + Twine(group) + ", which must be positive");
  inference.requireEqual(x.shape[1], Expr(group) * w.shape[1],
                         "the channels of the input and group (" +
                             Twine(group) +
                             ") times the channels of the weight");
  if (auto filters = w.shape[0].constant(); filters && *filters % group != 0)
    inference.fail("the weight has " + Twine(*filters) +
                   " output channels, no multiple of group " + Twine(group));
  if (inference.has(2)) {
    inference.requireRank(2, 1, 1);
    inference.requireEqual(inference.in(2).shape[0], w.shape[0],
                           "the sizes of the bias and of the output channels");
  }
  if (auto kernel = inference.integers("kernel_shape");
      kernel && !kernel->empty()) {
    if (kernel->size() != spatial)
      inference.fail("kernel_shape has " + Twine(kernel->size()) +
                     " entries, which must be " + Twine(spatial));
    for (size_t i = 0; i < spatial; ++i)
      inference.requireEqual(w.shape[i + 2], Expr((*kernel)[i]),
                             "the sizes of the weight and of kernel_shape");
  }
  SmallVector<int64_t> strides =
      perDimension(inference, "strides", spatial, 1, 1);
  SmallVector<int64_t> dilations =
      perDimension(inference, "dilations", spatial, 1, 1);
  SmallVector<int64_t> pads =
      perDimension(inference, "pads", 2 * spatial, 0, 0);
  StringRef automatic = inference.string("auto_pad", "NOTSET");
  Shape shape = {x.shape[0], w.shape[0]};
  for (size_t i = 0; i < spatial; ++i) {
    const Expr &dim = x.shape[i + 2];
    if (automatic.starts_with("SAME")) {
      shape.push_back(ceilDiv(inference.ctx, dim, strides[i]));
      continue;
    }
    Expr padding(automatic == "VALID" ? 0 : pads[i] + pads[i + spatial]);
    Expr reach = Expr(dilations[i]) * (w.shape[i + 2] - Expr(1)) + Expr(1);
    Expr room = dim + padding - reach;
    inference.requireAtLeast(room, Expr(0),
                             "spatial dimension " + Twine(i) +
                                 " is smaller than the kernel");
    shape.push_back(inference.ctx.floorDiv(room, Expr(strides[i])) + Expr(1));
  }
  return {{x.elementType, std::move(shape), std::nullopt}};
}

} // namespace

Results einsum(Inference &inference); // Einsum.cpp

ArrayRef<NamedRule> contractionRules() {
  static const NamedRule rules[] = {
      {"MatMul", matmul}, {"MatMulInteger", matmulInteger},
      {"Gemm", gemm},     {"MatMulNBits", matmulNBits},
      {"Conv", conv},     {"Einsum", einsum},
  };
  return rules;
}

} // namespace jarana::onnx::shape
