// RMSNormalization and SkipSimplifiedLayerNormalization to hybrid.rms_norm.
#include "passes/raise/lower/Scalars.h"
#include "passes/raise/named/Named.h"

#include "dialects/hybrid/Hybrid.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// hybrid.rms_norm over the last dimension, with a weight of its width.
Tensor normalize(Lowering &lowering, Tensor input, Tensor weight,
                 double epsilon) {
  TensorBuilder &build = lowering.build;
  Tensor init = build.empty(input.shape, input.elementType());
  auto norm = hybrid::RmsNormOp::create(build.b, build.loc, input.value,
                                        weight.value, Value(), init.value,
                                        static_cast<float>(epsilon));
  return {norm->getResult(0), init.shape};
}

/// X, scale -> Y, over the dimensions from `axis` on.
LogicalResult lowerRMSNormalization(Lowering &lowering, Operation *op) {
  if (lowerGatedNorm(lowering, op))
    return success();
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0), scale = lowering.get(op, 1);
  double epsilon = Lowering::real(op, "epsilon", 1e-5);
  int64_t axis = Lowering::integer(op, "axis", -1);
  axis = axis < 0 ? axis + input.rank() : axis;
  Shape flat(input.shape.begin(), input.shape.begin() + axis);
  Expr width = build.product(ArrayRef<Expr>(input.shape).drop_front(axis));
  flat.push_back(width);
  Tensor rows = build.reshape(input, flat), result;
  bool hybridType = input.elementType().isF32() ||
                    input.elementType().isF16() || input.elementType().isBF16();
  if (!hybridType)
    return Lowering::error(op) << "on " << input.elementType()
                               << " is not supported; f32, f16 and bf16 are";
  symbolic::Context &context = lowering.context();
  if (context.proveEqual(build.product(scale.shape), width)) {
    Tensor weight = build.reshape(scale, {width});
    if (weight.elementType() != input.elementType())
      weight = build.convert(weight, build.b.getF32Type());
    result =
        build.reshape(normalize(lowering, rows, weight, epsilon), input.shape);
  } else {
    // A scale that is broadcast: the norm without a weight, then the product.
    Tensor norm =
        build.reshape(normalize(lowering, rows, {}, epsilon), input.shape);
    result = build.elementwise({norm, scale}, input.shape, input.elementType(),
                               [](OpBuilder &b, Location loc, ValueRange v) {
                                 return Scalars(b, loc).mul(v[0], v[1]);
                               });
  }
  lowering.set(op->getResult(0),
               build.convert(result, lowering.resultType(op)));
  lowering.report.raised("RMSNormalization", hybrid::nodeName(op),
                         "hybrid.rms_norm", {{"width", context.print(width)}});
  return success();
}

/// input, skip, gamma, bias? -> output, mean, inv_std_var, sum.
LogicalResult lowerSkipNorm(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0), skip = lowering.get(op, 1),
         gamma = lowering.get(op, 2);
  double epsilon = Lowering::real(op, "epsilon", 1e-5);
  SmallVector<Tensor> terms = {input, skip};
  if (lowering.present(op, 3))
    terms.push_back(lowering.get(op, 3));
  Tensor sum =
      build.elementwise(terms, input.shape, input.elementType(),
                        [](OpBuilder &b, Location loc, ValueRange v) {
                          Scalars s(b, loc);
                          Value total = s.add(v[0], v[1]);
                          return v.size() > 2 ? s.add(total, v[2]) : total;
                        });
  lowering.set(op->getResult(0), normalize(lowering, sum, gamma, epsilon));
  if (op->getNumResults() > 3)
    lowering.set(op->getResult(3), sum);
  if (op->getNumResults() > 2 && !op->getResult(2).use_empty()) {
    Type f32 = build.b.getF32Type();
    Tensor squares = build.reduce(sum, {-1}, true, build.scalar(f32, 0),
                                  [](OpBuilder &b, Location loc, ValueRange v) {
                                    Scalars s(b, loc);
                                    return s.add(v[0], s.mul(v[1], v[1]));
                                  });
    Value integer = arith::IndexCastOp::create(
        build.b, build.loc, build.b.getI64Type(), build.index(sum.dim(-1)));
    Value width = convertScalar(build.b, build.loc, integer, f32, false, false);
    Tensor inverse = build.elementwise(
        {squares}, squares.shape, f32,
        [&](OpBuilder &b, Location loc, ValueRange v) -> Value {
          Scalars s(b, loc);
          Value root = math::SqrtOp::create(
              b, loc, s.add(s.div(v[0], width), s.number(f32, epsilon)));
          return s.div(s.number(f32, 1), root);
        });
    lowering.set(op->getResult(2),
                 build.convert(build.castShape(
                                   inverse, lowering.shapeOf(op->getResult(2))),
                               lowering.resultType(op, 2)));
  }
  if (op->getNumResults() > 1 &&
      !op->getResult(1).use_empty()) // never filled in by ONNX Runtime
    lowering.set(op->getResult(1),
                 build.zeros(lowering.shapeOf(op->getResult(1)),
                             lowering.resultType(op, 1)));
  lowering.report.raised("SkipSimplifiedLayerNormalization",
                         hybrid::nodeName(op), "hybrid.rms_norm",
                         {{"width", lowering.context().print(sum.dim(-1))}});
  return success();
}

} // namespace

void addRMSNorm(LoweringTable &table) {
  table["RMSNormalization"] = lowerRMSNormalization;
  table["SkipSimplifiedLayerNormalization"] = lowerSkipNorm;
}

} // namespace jarana::raise
