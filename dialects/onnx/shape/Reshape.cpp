// Operators that keep the elements (or repeat them) and change the shape, and
// those that read a shape.
#include "dialects/onnx/shape/Rules.h"

#include <algorithm>

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

/// Cancels equal dimensions of the two sides: less is left to be proved, and
/// a check that remains says more.
void cancelEqual(Context &ctx, SmallVector<Expr> &a, SmallVector<Expr> &b) {
  for (size_t i = 0; i < a.size();) {
    auto match = llvm::find_if(b, [&](const Expr &dim) {
      return dim == a[i] && ctx.provePositive(dim);
    });
    if (match == b.end()) {
      ++i;
      continue;
    }
    b.erase(match);
    a.erase(a.begin() + i);
  }
}

Results reshape(Inference &inference) {
  const ValueInfo &data = inference.in(0);
  int64_t rank = lengthOf(inference, 1, "the shape");
  bool allowZero = inference.integer("allowzero", 0) != 0;
  Contents target = inference.contents(1);
  if (!target) {
    // Unknown sizes, but a single one is the number of elements.
    Shape shape =
        rank == 1 ? Shape{product(data.shape)} : freshShape(inference, rank);
    return {{data.elementType, std::move(shape), std::nullopt}};
  }
  Shape shape;
  std::optional<size_t> inferred;
  for (size_t i = 0; i < target->size(); ++i) {
    Expr dim = inference.ctx.simplify((*target)[i]);
    if (dim.isConstant(0) && !allowZero) {
      if (i >= data.shape.size())
        inference.fail("entry " + Twine(i) +
                       " of the shape is 0, but the input has rank " +
                       Twine(data.rank()));
      dim = data.shape[i];
    } else if (dim.isConstant(-1)) {
      if (inferred)
        inference.fail("the shape has more than one -1");
      inferred = i;
    } else if (auto number = dim.constant(); number && *number < 0) {
      inference.fail("the shape has a negative entry, " + Twine(*number));
    }
    shape.push_back(dim);
  }
  SmallVector<Expr> from(data.shape.begin(), data.shape.end()), to;
  for (size_t i = 0; i < shape.size(); ++i)
    if (inferred != i)
      to.push_back(shape[i]);
  std::string given = inference.text(data.shape),
              wanted = inference.text(*target);
  cancelEqual(inference.ctx, from, to);
  Expr total = product(from), known = product(to);
  if (inferred) {
    if (known.isConstant(0))
      inference.fail("the shape has -1 beside a dimension of 0, so that it is "
                     "not determined");
    if (auto quotient = inference.ctx.divideExactly(total, known)) {
      shape[*inferred] = *quotient;
    } else {
      shape[*inferred] = inference.ctx.floorDiv(total, known);
      inference.requireEqual(total, known * shape[*inferred],
                             "the element counts of " + given +
                                 " and of the shape " + wanted);
    }
  } else {
    inference.requireEqual(total, known,
                           "the element counts of " + given +
                               " and of the shape " + wanted);
  }
  for (Expr &dim : shape)
    dim = inference.ctx.simplify(dim);
  return {{data.elementType, std::move(shape), data.contents}};
}

Results flattenTo2d(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t axis = inference.integer("axis", 1), rank = x.rank();
  if (axis < -rank || axis > rank)
    inference.fail("axis " + Twine(axis) +
                   " is outside of the rank, which is " + Twine(rank));
  if (axis < 0)
    axis += rank;
  ArrayRef<Expr> dims = x.shape;
  Shape shape = {product(dims.take_front(axis)),
                 product(dims.drop_front(axis))};
  return {{x.elementType, std::move(shape), x.contents}};
}

Results squeeze(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  if (inference.axesUnknown(1))
    return ofRank(inference, x.rank() - lengthOf(inference, 1, "axes"));
  auto axes = inference.axesOperand(1, x.rank());
  Shape shape;
  for (int64_t i = 0; i < x.rank(); ++i) {
    // Without axes, what is not known to be 1 counts as another size.
    bool drop = axes ? llvm::is_contained(*axes, i) : x.shape[i].isConstant(1);
    if (drop)
      inference.requireEqual(x.shape[i], Expr(1),
                             "dimension " + Twine(i) +
                                 ", which is squeezed, and 1");
    else
      shape.push_back(x.shape[i]);
  }
  return {{x.elementType, std::move(shape), x.contents}};
}

Results unsqueeze(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  if (inference.axesUnknown(1))
    return ofRank(inference, x.rank() + lengthOf(inference, 1, "axes"));
  auto given = inference.numbers(1);
  if (!given)
    inference.fail("the axes are missing");
  int64_t rank = x.rank() + static_cast<int64_t>(given->size());
  auto axes = *inference.axesOperand(1, rank);
  Shape shape;
  auto next = x.shape.begin();
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(llvm::is_contained(axes, i) ? Expr(1) : *next++);
  return {{x.elementType, std::move(shape), x.contents}};
}

/// Contents of a result that repeats the operand by broadcasting.
Contents repeated(const ValueInfo &x, const Shape &shape) {
  auto own = constantShape(x.shape), result = constantShape(shape);
  if (!x.contents || !own || !result)
    return std::nullopt;
  return makeContents(shape, [&](int64_t position) {
    return (*x.contents)[broadcastPosition(unflatten(position, *result), *own)];
  });
}

Results expand(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t length = lengthOf(inference, 1, "the shape");
  Contents target = inference.contents(1);
  if (!target)
    return {{x.elementType, freshShape(inference, std::max(length, x.rank())),
             std::nullopt}};
  for (const Expr &dim : *target)
    if (auto number = dim.constant(); number && *number < 0)
      inference.fail("the shape has a negative entry, " + Twine(*number));
  Shape shape = broadcastShapes(inference, {x.shape, *target});
  Contents contents = repeated(x, shape);
  return {{x.elementType, std::move(shape), std::move(contents)}};
}

Results tile(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  if (lengthOf(inference, 1, "repeats") != x.rank())
    inference.fail("repeats must have one entry per dimension of the input, "
                   "which has rank " +
                   Twine(x.rank()));
  Contents repeats = inference.contents(1);
  if (!repeats)
    return {{x.elementType, freshShape(inference, x.rank()), std::nullopt}};
  Shape shape;
  for (int64_t i = 0; i < x.rank(); ++i) {
    if (auto number = (*repeats)[i].constant(); number && *number < 0)
      inference.fail("repeats has a negative entry, " + Twine(*number));
    shape.push_back(x.shape[i] * (*repeats)[i]);
  }
  Contents contents;
  auto own = constantShape(x.shape), result = constantShape(shape);
  if (x.contents && own && result)
    contents = makeContents(shape, [&](int64_t position) {
      SmallVector<int64_t> index = unflatten(position, *result);
      for (size_t i = 0; i < index.size(); ++i)
        index[i] %= (*own)[i];
      return (*x.contents)[shape::flatten(index, *own)];
    });
  return {{x.elementType, std::move(shape), std::move(contents)}};
}

Results constantOfShape(Inference &inference) {
  Attribute value = inference.op->getAttr("value");
  Type type = inference.builder().getF32Type();
  if (auto elements = dyn_cast_if_present<ElementsAttr>(value)) {
    type = elements.getElementType();
    if (elements.getNumElements() != 1)
      inference.fail("the attribute 'value' must have one element");
  }
  int64_t rank = lengthOf(inference, 0, "the shape");
  Contents target = inference.contents(0);
  if (!target)
    return {{type, freshShape(inference, rank), std::nullopt}};
  for (const Expr &dim : *target)
    if (auto number = dim.constant(); number && *number < 0)
      inference.fail("the shape has a negative entry, " + Twine(*number));
  Shape shape = *target;
  Contents one = value ? contentsOf(value) : Contents({Expr(0)});
  Contents contents;
  if (one)
    contents = makeContents(shape, [&](int64_t) { return (*one)[0]; });
  return {{type, std::move(shape), std::move(contents)}};
}

Results shapeOf(Inference &inference) {
  const ValueInfo &x = inference.in(0);
  int64_t rank = x.rank();
  auto clamp = [&](int64_t axis) {
    return std::clamp<int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  int64_t start = clamp(inference.integer("start", 0));
  int64_t end = clamp(inference.integer("end", rank));
  ArrayRef<Expr> dims = x.shape;
  std::vector<Expr> contents(dims.begin() + start,
                             dims.begin() + std::max(start, end));
  Expr length(static_cast<int64_t>(contents.size()));
  return {{inference.builder().getI64Type(), {length}, std::move(contents)}};
}

Results sizeOf(Inference &inference) {
  return {{inference.builder().getI64Type(),
           {},
           std::vector<Expr>{product(inference.in(0).shape)}}};
}

} // namespace

ArrayRef<NamedRule> reshapeRules() {
  static const NamedRule rules[] = {
      {"Reshape", reshape},
      {"Flatten", flattenTo2d},
      {"Squeeze", squeeze},
      {"Unsqueeze", unsqueeze},
      {"Expand", expand},
      {"Tile", tile},
      {"Shape", shapeOf},
      {"Size", sizeOf},
      {"ConstantOfShape", constantOfShape},
  };
  return rules;
}

} // namespace jarana::onnx::shape
