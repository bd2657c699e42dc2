// Operators that move elements: views, Slice, Concat, Pad, Expand, ...
#include "passes/raise/Lowering.h"

using namespace mlir;

namespace jarana::raise {
namespace {

LogicalResult lowerView(Lowering &lowering, Operation *op) {
  lowering.set(op->getResult(0),
               lowering.build.reshape(lowering.get(op, 0),
                                      lowering.shapeOf(op->getResult(0))));
  return success();
}

LogicalResult lowerReshape(Lowering &lowering, Operation *op) {
  if (!lowering.contents(op, 1)) {
    // The shape is data: it defines the result's dimensions.
    Shape in = lowering.shapeOf(op->getOperand(0));
    std::vector<Expr> wanted = lowering.elements(op, 1);
    symbolic::Context &context = lowering.context();
    bool allowZero = Lowering::integer(op, "allowzero") != 0;
    Expr others(1);
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (!allowZero && i < in.size())
        wanted[i] =
            context.select(context.equal(wanted[i], Expr(0)), in[i], wanted[i]);
      others = others * context.select(context.equal(wanted[i], Expr(-1)),
                                       Expr(1), wanted[i]);
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      Expr rest = context.floorDiv(lowering.build.product(in),
                                   context.max(others, Expr(1)));
      lowering.defineDim(
          op->getResult(0), static_cast<unsigned>(i),
          context.select(context.equal(wanted[i], Expr(-1)), rest, wanted[i]));
    }
  }
  return lowerView(lowering, op);
}

LogicalResult lowerTranspose(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  SmallVector<int64_t> permutation = Lowering::integers(op, "perm");
  if (permutation.empty())
    permutation =
        llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, input.rank())));
  lowering.set(op->getResult(0), lowering.build.transpose(input, permutation));
  return success();
}

LogicalResult lowerConcat(Lowering &lowering, Operation *op) {
  SmallVector<Tensor> inputs;
  for (Value operand : op->getOperands())
    inputs.push_back(lowering.get(operand));
  lowering.set(op->getResult(0),
               lowering.build.concat(inputs, Lowering::integer(op, "axis"),
                                     lowering.shapeOf(op->getResult(0))));
  return success();
}

LogicalResult lowerSplit(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  int64_t axis = Lowering::integer(op, "axis");
  axis = axis < 0 ? axis + input.rank() : axis;
  Expr offset(0);
  for (Value result : op->getResults()) {
    Expr size = lowering.shapeOf(result)[axis];
    if (!result.use_empty())
      lowering.set(result, lowering.build.sliceAxis(input, axis, offset, size));
    offset = lowering.context().simplify(offset + size);
  }
  return success();
}

/// Clamps a bound of a slice to [low, high], counting from the end where it is
/// negative.
Expr clampBound(Lowering &lowering, const Expr &bound, const Expr &extent,
                const Expr &low, const Expr &high) {
  symbolic::Context &context = lowering.context();
  constexpr int64_t huge = int64_t(1) << 40;
  if (auto number = bound.constant()) {
    if (*number >= huge)
      return high;
    if (*number <= -huge)
      return low;
  }
  return context.max(low, context.min(lowering.wrapped(bound, extent), high));
}

LogicalResult lowerSlice(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  symbolic::Context &context = lowering.context();
  std::vector<Expr> starts = lowering.elements(op, 1),
                    ends = lowering.elements(op, 2);
  std::vector<int64_t> axes, steps(starts.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i)
    axes.push_back(static_cast<int64_t>(i));
  for (auto [operand, name, values] :
       {std::tuple(3u, "axes", &axes), std::tuple(4u, "steps", &steps)}) {
    if (!lowering.present(op, operand))
      continue;
    auto known = lowering.numbers(op, operand);
    if (!known)
      return Lowering::unknown(op, operand, std::string(name) + " that are");
    *values = *known;
  }
  SmallVector<Expr> offsets(input.rank(), Expr(0));
  SmallVector<int64_t> strides(input.rank(), 1);
  bool backwards = false;
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + input.rank() : axes[i];
    const Expr &extent = input.shape[axis];
    strides[axis] = steps[i];
    bool down = steps[i] < 0;
    backwards |= down;
    Expr start =
        down
            ? clampBound(lowering, starts[i], extent, Expr(0), extent - Expr(1))
            : clampBound(lowering, starts[i], extent, Expr(0), extent);
    Expr end =
        down ? clampBound(lowering, ends[i], extent, Expr(-1), extent - Expr(1))
             : clampBound(lowering, ends[i], extent, Expr(0), extent);
    offsets[axis] = start;
    Expr span = down ? start - end : end - start;
    int64_t step = std::abs(steps[i]);
    lowering.defineDim(
        op->getResult(0), static_cast<unsigned>(axis),
        context.max(Expr(0),
                    context.floorDiv(span + Expr(step - 1), Expr(step))));
  }
  Shape shape = lowering.shapeOf(op->getResult(0));
  TensorBuilder &build = lowering.build;
  // An empty slice may start behind the end; its offset must stay inside.
  for (int64_t axis = 0; axis < input.rank(); ++axis)
    offsets[axis] = context.simplify(offsets[axis]);
  if (!backwards) {
    lowering.set(op->getResult(0), build.slice(input, offsets, shape, strides));
    return success();
  }
  SmallVector<Value> first;
  for (const Expr &offset : offsets)
    first.push_back(build.index(offset));
  lowering.set(
      op->getResult(0),
      build.generate(
          {}, shape, input.elementType(),
          [&](OpBuilder &b, Location loc, ValueRange indices,
              ValueRange) -> Value {
            SmallVector<Value> at;
            for (int64_t axis = 0; axis < input.rank(); ++axis) {
              Value stride =
                  arith::ConstantIndexOp::create(b, loc, strides[axis]);
              Value moved =
                  arith::MulIOp::create(b, loc, indices[axis], stride);
              at.push_back(arith::AddIOp::create(b, loc, first[axis], moved));
            }
            return tensor::ExtractOp::create(b, loc, input.value, at);
          }));
  return success();
}

/// The index in [0, extent) that a padded position reads: reflect, edge or
/// wrap.
Value padIndex(OpBuilder &b, Location loc, StringRef mode, Value index,
               Value before, Value extent) {
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  Value position = arith::SubIOp::create(b, loc, index, before);
  Value last = arith::SubIOp::create(b, loc, extent, constant(1));
  if (mode == "edge")
    return arith::MaxSIOp::create(
        b, loc, constant(0), arith::MinSIOp::create(b, loc, position, last));
  auto floorMod = [&](Value value, Value divisor) -> Value {
    divisor = arith::MaxSIOp::create(b, loc, divisor, constant(1));
    Value quotient = arith::FloorDivSIOp::create(b, loc, value, divisor);
    return arith::SubIOp::create(
        b, loc, value, arith::MulIOp::create(b, loc, quotient, divisor));
  };
  if (mode == "wrap")
    return floorMod(position, extent);
  Value period = arith::AddIOp::create(b, loc, last, last);
  Value phase = floorMod(position, period);
  return arith::MinSIOp::create(b, loc, phase,
                                arith::SubIOp::create(b, loc, period, phase));
}

LogicalResult lowerPad(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  symbolic::Context &context = lowering.context();
  TensorBuilder &build = lowering.build;
  std::vector<Expr> pads = lowering.elements(op, 1);
  std::vector<int64_t> axes;
  for (int64_t axis = 0; axis < input.rank(); ++axis)
    axes.push_back(axis);
  if (lowering.present(op, 3)) {
    auto known = lowering.numbers(op, 3);
    if (!known)
      return Lowering::unknown(op, 3, "axes that are");
    axes = *known;
  }
  SmallVector<Expr> before(input.rank(), Expr(0)), after(input.rank(), Expr(0));
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + input.rank() : axes[i];
    before[axis] = context.simplify(pads[i]);
    after[axis] = context.simplify(pads[axes.size() + i]);
    lowering.defineDim(op->getResult(0), static_cast<unsigned>(axis),
                       input.shape[axis] + before[axis] + after[axis]);
  }
  Shape shape = lowering.shapeOf(op->getResult(0));
  StringRef mode = Lowering::text(op, "mode", "constant");
  if (mode != "constant") {
    SmallVector<Value> lows, extents;
    for (int64_t axis = 0; axis < input.rank(); ++axis) {
      lows.push_back(build.index(before[axis]));
      extents.push_back(build.index(input.shape[axis]));
    }
    lowering.set(
        op->getResult(0),
        build.generate({}, shape, input.elementType(),
                       [&](OpBuilder &b, Location loc, ValueRange indices,
                           ValueRange) -> Value {
                         SmallVector<Value> at;
                         for (int64_t axis = 0; axis < input.rank(); ++axis)
                           at.push_back(padIndex(b, loc, mode, indices[axis],
                                                 lows[axis], extents[axis]));
                         return tensor::ExtractOp::create(b, loc, input.value,
                                                          at);
                       }));
    return success();
  }
  // Negative padding cuts off.
  SmallVector<Expr> cut(input.rank(), Expr(0)), offsets(input.rank(), Expr(0));
  Shape kept = input.shape;
  bool padded = false;
  for (int64_t axis = 0; axis < input.rank(); ++axis) {
    Expr cutAfter(0);
    if (!context.proveNonNegative(before[axis]))
      cut[axis] = context.max(Expr(0), context.neg(before[axis]));
    if (!context.proveNonNegative(after[axis]))
      cutAfter = context.max(Expr(0), context.neg(after[axis]));
    kept[axis] = context.simplify(input.shape[axis] - cut[axis] - cutAfter);
    offsets[axis] = context.simplify(before[axis] + cut[axis]);
    padded |= !build.same(kept[axis], shape[axis]);
  }
  Tensor rest = build.slice(input, cut, kept);
  if (!padded) {
    lowering.set(op->getResult(0), build.castShape(rest, shape));
    return success();
  }
  Value value;
  if (lowering.present(op, 2)) {
    Tensor given = lowering.get(op, 2);
    value = build.splatOf(given.value, build.b);
    if (!value)
      value = tensor::ExtractOp::create(
          build.b, build.loc, given.value,
          SmallVector<Value>(given.rank(), build.index(Expr(0))));
  } else {
    value = build.scalar(input.elementType(), 0);
  }
  lowering.set(op->getResult(0),
               build.insert(rest, build.fill(shape, value), offsets));
  return success();
}

LogicalResult lowerExpand(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  Shape shape = lowering.shapeOf(op->getResult(0));
  if (!lowering.contents(op, 1)) {
    std::vector<Expr> wanted = lowering.elements(op, 1);
    for (size_t i = 0; i < wanted.size(); ++i)
      lowering.defineDim(
          op->getResult(0),
          static_cast<unsigned>(shape.size() - wanted.size() + i), wanted[i]);
  }
  lowering.set(op->getResult(0), lowering.build.broadcast(input, shape));
  return success();
}

LogicalResult lowerTile(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  std::vector<Expr> repeats = lowering.elements(op, 1);
  // [d0, d1] -> [1, d0, 1, d1] -> [r0, d0, r1, d1] -> [r0 * d0, r1 * d1]
  Shape split, repeated;
  for (int64_t axis = 0; axis < input.rank(); ++axis) {
    if (!repeats[axis].isConstant(1)) {
      split.push_back(Expr(1));
      repeated.push_back(repeats[axis]);
    }
    split.push_back(input.shape[axis]);
    repeated.push_back(input.shape[axis]);
    lowering.defineDim(op->getResult(0), static_cast<unsigned>(axis),
                       repeats[axis] * input.shape[axis]);
  }
  TensorBuilder &build = lowering.build;
  Tensor wide = build.broadcast(build.reshape(input, split), repeated);
  lowering.set(op->getResult(0),
               build.reshape(wide, lowering.shapeOf(op->getResult(0))));
  return success();
}

LogicalResult lowerTrilu(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  bool upper = Lowering::integer(op, "upper", 1) != 0;
  TensorBuilder &build = lowering.build;
  Value diagonal = build.index(
      lowering.present(op, 1) ? lowering.elements(op, 1).front() : Expr(0));
  Value zero = build.scalar(input.elementType(), 0);
  lowering.set(op->getResult(0),
               build.generate(
                   {input}, input.shape, input.elementType(),
                   [&](OpBuilder &b, Location loc, ValueRange indices,
                       ValueRange v) -> Value {
                     Value row = indices[indices.size() - 2],
                           column = indices.back();
                     Value edge = arith::AddIOp::create(b, loc, row, diagonal);
                     auto predicate = upper ? arith::CmpIPredicate::sge
                                            : arith::CmpIPredicate::sle;
                     Value keep =
                         arith::CmpIOp::create(b, loc, predicate, column, edge);
                     return arith::SelectOp::create(b, loc, keep, v[0], zero);
                   }));
  return success();
}

} // namespace

void addMovement(LoweringTable &table) {
  table["Reshape"] = lowerReshape;
  for (const char *name : {"Unsqueeze", "Squeeze", "Flatten"})
    table[name] = lowerView;
  table["Transpose"] = lowerTranspose;
  table["Concat"] = lowerConcat;
  table["Split"] = lowerSplit;
  table["Slice"] = lowerSlice;
  table["Pad"] = lowerPad;
  table["Expand"] = lowerExpand;
  table["Tile"] = lowerTile;
  table["Trilu"] = lowerTrilu;
}

} // namespace jarana::raise
