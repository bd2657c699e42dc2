// Reductions over axes, ArgMax and ArgMin.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

#include <limits>

using namespace mlir;

namespace jarana::raise {
namespace {

/// The reduced axes; empty with `noop` where the op leaves its input as it is.
FailureOr<SmallVector<int64_t>> reducedAxes(Lowering &lowering, Operation *op,
                                            int64_t rank, bool &noop) {
  SmallVector<int64_t> axes = Lowering::integers(op, "axes");
  if (lowering.present(op, 1)) {
    auto known = lowering.numbers(op, 1);
    if (!known)
      return Lowering::unknown(op, 1, "axes that are");
    axes.assign(known->begin(), known->end());
  }
  noop = axes.empty() && Lowering::integer(op, "noop_with_empty_axes") != 0;
  if (axes.empty() && !noop)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (int64_t &axis : axes)
    axis = axis < 0 ? axis + rank : axis;
  return axes;
}

/// The lowest or highest number of a type.
Value extreme(TensorBuilder &build, Type type, bool lowest, bool isUnsigned) {
  if (isa<FloatType>(type)) {
    double infinity = std::numeric_limits<double>::infinity();
    return build.scalar(type, lowest ? -infinity : infinity);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value =
      isUnsigned ? (lowest ? APInt::getZero(width) : APInt::getMaxValue(width))
                 : (lowest ? APInt::getSignedMinValue(width)
                           : APInt::getSignedMaxValue(width));
  return arith::ConstantOp::create(build.b, build.loc,
                                   build.b.getIntegerAttr(type, value));
}

/// The number of elements that one result sums, as a scalar.
Value countOf(TensorBuilder &build, const Tensor &input, ArrayRef<int64_t> axes,
              Type type) {
  Expr count(1);
  for (int64_t axis : axes)
    count = count * input.shape[axis];
  count = build.context.simplify(count);
  if (auto number = count.constant())
    return build.scalar(type, static_cast<double>(*number));
  Value integer = arith::IndexCastOp::create(
      build.b, build.loc, build.b.getI64Type(), build.index(count));
  return convertScalar(build.b, build.loc, integer, type, false, false);
}

LogicalResult lowerReduce(Lowering &lowering, Operation *op) {
  StringRef name = op->getName().stripDialect();
  Tensor input = lowering.get(op, 0);
  TensorBuilder &build = lowering.build;
  bool noop = false;
  auto axes = reducedAxes(lowering, op, input.rank(), noop);
  if (failed(axes))
    return failure();
  bool keep = Lowering::integer(op, "keepdims", 1) != 0;
  bool isUnsigned = Lowering::isUnsigned(op->getOperand(0));
  Type element = lowering.resultType(op), sum = build.computeType(element);
  auto with = [&](auto function) {
    return [function, isUnsigned](OpBuilder &b, Location loc,
                                  ValueRange v) -> Value {
      return function(Scalars(b, loc, isUnsigned), v[0], v[1]);
    };
  };
  auto map = [&](Tensor tensor, auto function) {
    return build.elementwise(
        {tensor}, tensor.shape, tensor.elementType(),
        [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
          return function(b, loc, Scalars(b, loc, isUnsigned), v[0]);
        });
  };
  auto log = [](OpBuilder &b, Location loc, Scalars, Value x) -> Value {
    return math::LogOp::create(b, loc, x);
  };
  auto sqrt = [](OpBuilder &b, Location loc, Scalars, Value x) -> Value {
    return math::SqrtOp::create(b, loc, x);
  };
  auto add = with([](Scalars s, Value acc, Value x) { return s.add(acc, x); });
  Value zero = build.scalar(sum, 0);

  Tensor result;
  if (name == "ReduceMax" || name == "ReduceMin") {
    bool isMax = name == "ReduceMax";
    auto fold = with([isMax](Scalars s, Value acc, Value x) {
      return isMax ? s.max(acc, x) : s.min(acc, x);
    });
    result = build.reduce(input, *axes, keep,
                          extreme(build, sum, isMax, isUnsigned), fold);
  } else if (name == "ReduceProd") {
    result = build.reduce(
        input, *axes, keep, build.scalar(sum, 1),
        with([](Scalars s, Value acc, Value x) { return s.mul(acc, x); }));
  } else if (name == "ReduceL1") {
    result = build.reduce(input, *axes, keep, zero,
                          with([](Scalars s, Value acc, Value x) {
                            return s.add(acc, s.abs(x));
                          }));
  } else if (name == "ReduceL2" || name == "ReduceSumSquare") {
    result = build.reduce(input, *axes, keep, zero,
                          with([](Scalars s, Value acc, Value x) {
                            return s.add(acc, s.mul(x, x));
                          }));
    if (name == "ReduceL2")
      result = map(result, sqrt);
  } else if (name == "ReduceLogSumExp") {
    Tensor wide = build.convert(input, sum);
    auto larger =
        with([](Scalars s, Value acc, Value x) { return s.max(acc, x); });
    Tensor top = build.reduce(wide, *axes, true,
                              extreme(build, sum, true, false), larger);
    Tensor shifted =
        build.elementwise({wide, top}, wide.shape, sum,
                          [](OpBuilder &b, Location loc, ValueRange v) {
                            Scalars s(b, loc);
                            return s.exp(s.sub(v[0], v[1]));
                          });
    Tensor total = map(build.reduce(shifted, *axes, true, zero, add), log);
    result = build.elementwise({total, top}, total.shape, sum,
                               [](OpBuilder &b, Location loc, ValueRange v) {
                                 return Scalars(b, loc).add(v[0], v[1]);
                               });
    result = build.reshape(result, lowering.shapeOf(op->getResult(0)));
  } else {
    result = build.reduce(input, *axes, keep, zero,
                          add); // ReduceSum, ReduceMean, ReduceLogSum
    if (name == "ReduceLogSum")
      result = map(result, log);
    if (name == "ReduceMean") {
      Value count = countOf(build, input, *axes, sum);
      result = map(result, [&](OpBuilder &, Location, Scalars s, Value x) {
        return s.div(x, count);
      });
    }
  }
  lowering.set(op->getResult(0),
               build.castShape(build.convert(result, element),
                               lowering.shapeOf(op->getResult(0))));
  return success();
}

/// The index of the first (or last) element equal to the extreme one.
LogicalResult lowerArg(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  TensorBuilder &build = lowering.build;
  bool isMax = op->getName().stripDialect() == "ArgMax",
       last = Lowering::integer(op, "select_last_index") != 0;
  bool isUnsigned = Lowering::isUnsigned(op->getOperand(0));
  int64_t axis = Lowering::integer(op, "axis");
  axis = axis < 0 ? axis + input.rank() : axis;
  Type i64 = build.b.getI64Type();
  Tensor wide = build.convert(input, build.computeType(input.elementType()));
  Tensor top = build.reduce(
      wide, {axis}, true, extreme(build, wide.elementType(), isMax, isUnsigned),
      [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc, isUnsigned);
        return isMax ? s.max(v[0], v[1]) : s.min(v[0], v[1]);
      });
  Value none = last ? build.scalar(i64, -1) : extreme(build, i64, false, false);
  Tensor candidates = build.generate(
      {wide, top}, wide.shape, i64,
      [&](OpBuilder &b, Location loc, ValueRange at, ValueRange v) -> Value {
        Value index = arith::IndexCastOp::create(b, loc, i64, at[axis]);
        Scalars s(b, loc, isUnsigned);
        return s.select(s.equal(v[0], v[1]), index, none);
      });
  Tensor found = build.reduce(
      candidates, {axis}, Lowering::integer(op, "keepdims", 1) != 0, none,
      [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        return last ? s.max(v[0], v[1]) : s.min(v[0], v[1]);
      });
  lowering.set(op->getResult(0),
               build.castShape(found, lowering.shapeOf(op->getResult(0))));
  return success();
}

} // namespace

void addReduction(LoweringTable &table) {
  for (const char *name :
       {"ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd",
        "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum",
        "ReduceLogSumExp"})
    table[name] = lowerReduce;
  table["ArgMax"] = table["ArgMin"] = lowerArg;
}

} // namespace jarana::raise
