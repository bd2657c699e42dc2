// Softmax, LogSoftmax, LayerNormalization.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

#include <limits>

using namespace mlir;

namespace jarana::raise {
namespace {

Value addPair(OpBuilder &b, Location loc, ValueRange v) {
  return Scalars(b, loc).add(v[0], v[1]);
}

/// exp(x - max) / sum, in f32. A row of nothing but -inf gives NaN, as the
/// definition says.
LogicalResult lowerSoftmax(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0);
  TensorBuilder &build = lowering.build;
  bool logarithm = op->getName().stripDialect() == "LogSoftmax";
  SmallVector<int64_t> axes = {Lowering::integer(op, "axis", -1)};
  Type element = lowering.resultType(op), wide = build.computeType(element);
  Value lowest = build.scalar(wide, -std::numeric_limits<double>::infinity());
  Tensor top = build.reduce(input, axes, true, lowest,
                            [](OpBuilder &b, Location loc, ValueRange v) {
                              return Scalars(b, loc).max(v[0], v[1]);
                            });
  Tensor powers =
      build.elementwise({input, top}, input.shape, wide,
                        [](OpBuilder &b, Location loc, ValueRange v) {
                          Scalars s(b, loc);
                          return s.exp(s.sub(v[0], v[1]));
                        });
  Tensor sum = build.reduce(powers, axes, true, build.scalar(wide, 0), addPair);
  Tensor result;
  if (logarithm)
    result = build.elementwise(
        {input, top, sum}, input.shape, element,
        [](OpBuilder &b, Location loc, ValueRange v) {
          Scalars s(b, loc);
          return s.sub(s.sub(v[0], v[1]), math::LogOp::create(b, loc, v[2]));
        });
  else
    result = build.elementwise({powers, sum}, input.shape, element,
                               [](OpBuilder &b, Location loc, ValueRange v) {
                                 return Scalars(b, loc).div(v[0], v[1]);
                               });
  lowering.set(op->getResult(0), result);
  return success();
}

LogicalResult lowerLayerNormalization(Lowering &lowering, Operation *op) {
  Tensor input = lowering.get(op, 0), scale = lowering.get(op, 1);
  TensorBuilder &build = lowering.build;
  int64_t axis = Lowering::integer(op, "axis", -1);
  axis = axis < 0 ? axis + input.rank() : axis;
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(axis, input.rank()));
  double epsilon = Lowering::real(op, "epsilon", 1e-5);
  Type element = lowering.resultType(op), wide = build.computeType(element);
  Expr count = build.product(ArrayRef<Expr>(input.shape).drop_front(axis));
  Value integer = arith::IndexCastOp::create(
      build.b, build.loc, build.b.getI64Type(), build.index(count));
  Value number = convertScalar(build.b, build.loc, integer, wide, false, false);
  Tensor sum = build.reduce(input, axes, true, build.scalar(wide, 0), addPair);
  Tensor mean = build.elementwise(
      {sum}, sum.shape, wide, [&](OpBuilder &b, Location loc, ValueRange v) {
        return Scalars(b, loc).div(v[0], number);
      });
  Tensor centred =
      build.elementwise({input, mean}, input.shape, wide,
                        [](OpBuilder &b, Location loc, ValueRange v) {
                          return Scalars(b, loc).sub(v[0], v[1]);
                        });
  Tensor squares = build.reduce(centred, axes, true, build.scalar(wide, 0),
                                [](OpBuilder &b, Location loc, ValueRange v) {
                                  Scalars s(b, loc);
                                  return s.add(v[0], s.mul(v[1], v[1]));
                                });
  Tensor inverse = build.elementwise(
      {squares}, squares.shape, wide,
      [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        Value variance = s.add(s.div(v[0], number), s.number(wide, epsilon));
        return s.div(s.number(wide, 1), math::SqrtOp::create(b, loc, variance));
      });
  SmallVector<Tensor> inputs = {centred, inverse, scale};
  if (lowering.present(op, 2))
    inputs.push_back(lowering.get(op, 2));
  lowering.set(
      op->getResult(0),
      build.elementwise(inputs, input.shape, element,
                        [](OpBuilder &b, Location loc, ValueRange v) {
                          Scalars s(b, loc);
                          Value result = s.mul(s.mul(v[0], v[1]), v[2]);
                          return v.size() > 3 ? s.add(result, v[3]) : result;
                        }));
  if (op->getNumResults() > 1)
    lowering.set(op->getResult(1),
                 build.convert(mean, lowering.resultType(op, 1)));
  if (op->getNumResults() > 2)
    lowering.set(op->getResult(2),
                 build.convert(inverse, lowering.resultType(op, 2)));
  return success();
}

} // namespace

void addNormalization(LoweringTable &table) {
  table["Softmax"] = table["LogSoftmax"] = lowerSoftmax;
  table["LayerNormalization"] = lowerLayerNormalization;
}

} // namespace jarana::raise
