// Making tensors, views and movement.
#include "passes/raise/Tensors.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace jarana::raise {

RankedTensorType TensorBuilder::type(const Shape &shape, Type element) {
  SmallVector<int64_t> extents;
  for (const Expr &dim : shape)
    extents.push_back(
        context.simplify(dim).constant().value_or(ShapedType::kDynamic));
  return RankedTensorType::get(extents, element);
}

Shape TensorBuilder::simplified(const Shape &shape) {
  Shape result;
  for (const Expr &dim : shape)
    result.push_back(context.simplify(dim));
  return result;
}

Expr TensorBuilder::product(ArrayRef<Expr> dims) {
  Expr result(1);
  for (const Expr &dim : dims)
    result = result * context.simplify(dim);
  return context.simplify(result);
}

SmallVector<OpFoldResult> TensorBuilder::sizes(const Shape &shape) {
  SmallVector<OpFoldResult> result;
  for (const Expr &dim : shape)
    result.push_back(size(dim));
  return result;
}

Tensor TensorBuilder::empty(const Shape &shape, Type element) {
  return {tensor::EmptyOp::create(b, loc, sizes(shape), element),
          simplified(shape)};
}

Tensor TensorBuilder::fill(const Shape &shape, Value scalar) {
  Tensor init = empty(shape, scalar.getType());
  auto op = linalg::FillOp::create(b, loc, ValueRange{scalar},
                                   ValueRange{init.value});
  return {op.getResult(0), init.shape};
}

Tensor TensorBuilder::zeros(const Shape &shape, Type element) {
  return fill(shape, scalar(element, 0));
}

Tensor TensorBuilder::constant(DenseElementsAttr value) {
  Shape shape;
  for (int64_t extent : value.getType().getShape())
    shape.push_back(extent);
  return {arith::ConstantOp::create(b, loc, value), shape};
}

Value TensorBuilder::scalar(Type type, double number) {
  if (isa<IndexType>(type))
    return arith::ConstantIndexOp::create(b, loc, static_cast<int64_t>(number));
  if (isa<FloatType>(type))
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(type, number));
  return arith::ConstantOp::create(
      b, loc, b.getIntegerAttr(type, static_cast<int64_t>(number)));
}

Tensor TensorBuilder::castShape(Tensor input, const Shape &shape) {
  RankedTensorType target = type(shape, input.elementType());
  if (input.value.getType() != target)
    input.value = tensor::CastOp::create(b, loc, target, input.value);
  return {input.value, simplified(shape)};
}

namespace {

/// Dimensions [inBegin, inEnd) of the input hold the same elements as
/// [outBegin, outEnd) of the output.
struct Group {
  size_t inBegin, inEnd, outBegin, outEnd;
};

Expr productOf(symbolic::Context &context, const Shape &shape, size_t begin,
               size_t end) {
  Expr result(1);
  for (size_t i = begin; i < end; ++i)
    result = result * shape[i];
  return context.simplify(result);
}

/// The finest cut of the two shapes into groups with provably equal products,
/// the rest as one group.
SmallVector<Group> cutIntoGroups(symbolic::Context &context, const Shape &in,
                                 const Shape &out) {
  SmallVector<Group> groups;
  size_t i = 0, j = 0;
  while (i < in.size() && j < out.size()) {
    std::optional<Group> found;
    for (size_t total = 2; !found && total <= in.size() - i + out.size() - j;
         ++total)
      for (size_t di = 1; !found && di < total; ++di) {
        size_t dj = total - di;
        if (i + di > in.size() || j + dj > out.size())
          continue;
        if (context.proveEqual(productOf(context, in, i, i + di),
                               productOf(context, out, j, j + dj)))
          found = Group{i, i + di, j, j + dj};
      }
    if (!found)
      found = Group{i, in.size(), j, out.size()};
    groups.push_back(*found);
    i = found->inEnd;
    j = found->outEnd;
  }
  if (groups.empty())
    return groups;
  // Leftover dimensions are ones, and join the last group; if that is not
  // provable, everything is one group.
  bool onesLeft = productOf(context, in, i, in.size()).isConstant(1) &&
                  productOf(context, out, j, out.size()).isConstant(1);
  if (!onesLeft)
    return {Group{0, in.size(), 0, out.size()}};
  groups.back().inEnd = in.size();
  groups.back().outEnd = out.size();
  return groups;
}

} // namespace

Tensor TensorBuilder::reshape(Tensor input, const Shape &target) {
  Shape in = input.shape, out = simplified(target);
  if (in.size() == out.size() &&
      llvm::all_of(llvm::zip(in, out), [&](auto pair) {
        return context.proveEqual(std::get<0>(pair), std::get<1>(pair));
      }))
    return castShape(input, out);
  Type element = input.elementType();
  if (in.empty() || out.empty()) {
    // All dimensions are ones (or have been checked to be).
    Shape ones(std::max(in.size(), out.size()), Expr(1));
    if (in.empty()) {
      Value value = tensor::ExpandShapeOp::create(
          b, loc, type(ones, element), input.value,
          SmallVector<ReassociationIndices>{}, sizes(ones));
      return castShape({value, ones}, out);
    }
    Value value = tensor::CollapseShapeOp::create(
        b, loc, type({}, element), castShape(input, ones).value,
        SmallVector<ReassociationIndices>{});
    return {value, {}};
  }
  SmallVector<Group> groups = cutIntoGroups(context, in, out);
  SmallVector<ReassociationIndices> collapse, expand;
  Shape collapsed, merged;
  for (const Group &group : groups) {
    collapse.emplace_back(
        llvm::to_vector(llvm::seq<int64_t>(group.inBegin, group.inEnd)));
    expand.emplace_back(
        llvm::to_vector(llvm::seq<int64_t>(group.outBegin, group.outEnd)));
    collapsed.push_back(productOf(context, in, group.inBegin, group.inEnd));
    merged.push_back(productOf(context, out, group.outBegin, group.outEnd));
  }
  // The verifiers want a merged dimension static exactly where all of its parts
  // are.
  auto mergedType = [&](const Shape &parts,
                        ArrayRef<ReassociationIndices> groupsOf,
                        const Shape &products) {
    SmallVector<int64_t> extents;
    for (auto [indices, product] : llvm::zip(groupsOf, products)) {
      bool isStatic = llvm::all_of(
          indices, [&](int64_t i) { return parts[i].constant().has_value(); });
      extents.push_back(isStatic
                            ? product.constant().value_or(ShapedType::kDynamic)
                            : ShapedType::kDynamic);
    }
    return RankedTensorType::get(extents, element);
  };
  Value value = input.value;
  if (groups.size() != in.size())
    value = tensor::CollapseShapeOp::create(
        b, loc, mergedType(in, collapse, collapsed), value, collapse);
  RankedTensorType before = mergedType(out, expand, merged);
  if (value.getType() != before)
    value = tensor::CastOp::create(b, loc, before, value);
  if (groups.size() != out.size())
    value = tensor::ExpandShapeOp::create(b, loc, type(out, element), value,
                                          expand, sizes(out));
  return castShape({value, out}, out);
}

Tensor TensorBuilder::transpose(Tensor input, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, input.rank())))
    return input;
  Shape shape;
  for (int64_t axis : permutation)
    shape.push_back(input.dim(axis));
  Tensor init = empty(shape, input.elementType());
  auto op =
      linalg::TransposeOp::create(b, loc, input.value, init.value, permutation);
  return {op->getResult(0), shape};
}

Tensor TensorBuilder::slice(Tensor input, ArrayRef<Expr> offsets,
                            const Shape &extents, ArrayRef<int64_t> strides) {
  SmallVector<OpFoldResult> offsetValues, strideValues;
  bool whole = strides.empty() || llvm::all_of(strides, [](int64_t stride) {
                 return stride == 1;
               });
  for (int64_t axis = 0; axis < input.rank(); ++axis) {
    whole = whole && context.simplify(offsets[axis]).isConstant(0) &&
            same(input.dim(axis), extents[axis]);
    offsetValues.push_back(size(offsets[axis]));
    strideValues.push_back(b.getIndexAttr(strides.empty() ? 1 : strides[axis]));
  }
  if (whole)
    return castShape(input, extents);
  // Slices of nothing have no place to begin at.
  if (isNothing(extents))
    return empty(extents, input.elementType());
  Value value = tensor::ExtractSliceOp::create(
      b, loc, type(extents, input.elementType()), input.value, offsetValues,
      sizes(extents), strideValues);
  return {value, simplified(extents)};
}

Tensor TensorBuilder::sliceAxis(Tensor input, int64_t axis, const Expr &offset,
                                const Expr &size) {
  SmallVector<Expr> offsets(input.rank(), Expr(0));
  Shape extents = input.shape;
  axis = axis < 0 ? axis + input.rank() : axis;
  offsets[axis] = offset;
  extents[axis] = size;
  return slice(input, offsets, extents);
}

Tensor TensorBuilder::insert(Tensor source, Tensor destination,
                             ArrayRef<Expr> offsets) {
  if (isNothing(source.shape))
    return destination;
  SmallVector<OpFoldResult> offsetValues,
      strideValues(destination.rank(), b.getIndexAttr(1));
  for (const Expr &offset : offsets)
    offsetValues.push_back(size(offset));
  Value value = tensor::InsertSliceOp::create(
      b, loc, source.value, destination.value, offsetValues,
      sizes(source.shape), strideValues);
  return {value, destination.shape};
}

Tensor TensorBuilder::concat(ArrayRef<Tensor> inputs, int64_t axis,
                             const Shape &shape) {
  if (inputs.size() == 1)
    return castShape(inputs.front(), shape);
  axis = axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis;
  Tensor result = empty(shape, inputs.front().elementType());
  SmallVector<Expr> offsets(shape.size(), Expr(0));
  for (const Tensor &input : inputs) {
    // The other dimensions are the result's; a dimension known only on one side
    // gets the sharper type.
    Shape part = shape;
    part[axis] = input.dim(axis);
    result = insert(castShape(input, part), result, offsets);
    offsets[axis] = context.simplify(offsets[axis] + input.dim(axis));
  }
  return result;
}

} // namespace jarana::raise
