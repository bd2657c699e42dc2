// Quantised forms: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear,
// MatMulInteger, MatMulNBits.
#include "passes/raise/Lowering.h"
#include "passes/raise/lower/Scalars.h"

#include "dialects/hybrid/Hybrid.h"

#include <cmath>

using namespace mlir;

namespace jarana::raise {
namespace {

/// A scale or zero point, reshaped or repeated so that it broadcasts against
/// `input`: one for all, one per index of `axis`, or one per block of `block`
/// elements along `axis`.
Tensor alignParameter(Lowering &lowering, Operation *op, Tensor parameter,
                      const Tensor &input) {
  TensorBuilder &build = lowering.build;
  int64_t axis = Lowering::integer(op, "axis", 1),
          block = Lowering::integer(op, "block_size");
  axis = axis < 0 ? axis + input.rank() : axis;
  if (block > 0 && parameter.rank() == input.rank()) {
    Shape shape = input.shape;
    return build.generate(
        {}, shape, parameter.elementType(),
        [&](OpBuilder &b, Location loc, ValueRange at, ValueRange) -> Value {
          SmallVector<Value> position(at);
          Value size = arith::ConstantIndexOp::create(b, loc, block);
          position[axis] = arith::DivUIOp::create(b, loc, at[axis], size);
          return tensor::ExtractOp::create(b, loc, parameter.value, position);
        });
  }
  if (parameter.rank() == 0 || build.isOne(build.product(parameter.shape)))
    return build.reshape(parameter, {});
  Shape aligned(static_cast<size_t>(input.rank()), Expr(1));
  aligned[axis] = parameter.shape[0];
  return build.reshape(parameter, aligned);
}

/// round(x / scale) + zero point, in f32, cut to the range of an integer type.
Value quantize(OpBuilder &b, Location loc, Value x, Value scale,
               Value zeroPoint, Type element, bool isUnsigned) {
  Scalars s(b, loc);
  Type f32 = b.getF32Type();
  unsigned width = element.getIntOrFloatBitWidth();
  double low = isUnsigned ? 0 : -std::exp2(width - 1),
         high = isUnsigned ? std::exp2(width) - 1 : std::exp2(width - 1) - 1;
  Value rounded = math::RoundEvenOp::create(b, loc, s.div(x, scale));
  if (zeroPoint)
    rounded = s.add(rounded,
                    convertScalar(b, loc, zeroPoint, f32, isUnsigned, false));
  Value cut = s.min(s.max(rounded, s.number(f32, low)), s.number(f32, high));
  return convertScalar(b, loc, cut, element, false, isUnsigned);
}

LogicalResult lowerQuantizeLinear(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0);
  Type element = lowering.resultType(op), f32 = build.b.getF32Type();
  if (!isa<IntegerType>(element))
    return Lowering::error(op)
           << "to " << element << " is not supported; integer types are";
  SmallVector<Tensor> inputs = {
      build.convert(input, f32),
      build.convert(alignParameter(lowering, op, lowering.get(op, 1), input),
                    f32)};
  if (lowering.present(op, 2))
    inputs.push_back(alignParameter(lowering, op, lowering.get(op, 2), input));
  bool isUnsigned = Lowering::isUnsigned(op->getResult(0));
  lowering.set(
      op->getResult(0),
      build.elementwiseRaw(inputs, input.shape, element,
                           [&](OpBuilder &b, Location loc, ValueRange v) {
                             return quantize(b, loc, v[0], v[1],
                                             v.size() > 2 ? v[2] : Value(),
                                             element, isUnsigned);
                           }));
  return success();
}

LogicalResult lowerDequantizeLinear(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0);
  if (!isa<IntegerType>(input.elementType()))
    return Lowering::error(op) << "from " << input.elementType()
                               << " is not supported; integer types are";
  SmallVector<Tensor> inputs = {
      input, alignParameter(lowering, op, lowering.get(op, 1), input)};
  if (lowering.present(op, 2))
    inputs.push_back(alignParameter(lowering, op, lowering.get(op, 2), input));
  bool isUnsigned = Lowering::isUnsigned(op->getOperand(0));
  lowering.set(op->getResult(0),
               build.elementwise(
                   inputs, input.shape, lowering.resultType(op),
                   [&](OpBuilder &b, Location loc, ValueRange v) {
                     Scalars s(b, loc);
                     // Differences are exact in i32 (in i64 for 32-bit inputs).
                     Type wide = v[0].getType().getIntOrFloatBitWidth() < 32
                                     ? b.getI32Type()
                                     : b.getI64Type();
                     Value code =
                         convertScalar(b, loc, v[0], wide, isUnsigned, false);
                     if (v.size() > 2)
                       code = s.sub(code, convertScalar(b, loc, v[2], wide,
                                                        isUnsigned, false));
                     return s.mul(convertScalar(b, loc, code, v[1].getType(),
                                                false, false),
                                  v[1]);
                   }));
  return success();
}

LogicalResult lowerDynamicQuantizeLinear(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0);
  Type f32 = build.b.getF32Type(), i8 = build.b.getI8Type();
  SmallVector<int64_t> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, input.rank()));
  Value zero = build.scalar(f32, 0);
  Tensor high = build.reduce(input, axes, false, zero,
                             [](OpBuilder &b, Location loc, ValueRange v) {
                               return Scalars(b, loc).max(v[0], v[1]);
                             });
  Tensor low = build.reduce(input, axes, false, zero,
                            [](OpBuilder &b, Location loc, ValueRange v) {
                              return Scalars(b, loc).min(v[0], v[1]);
                            });
  Tensor scale = build.elementwise(
      {high, low}, {}, f32, [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        Value step = s.div(s.sub(v[0], v[1]), s.number(f32, 255));
        return s.select(s.equal(v[0], v[1]), s.number(f32, 1),
                        step); // nothing but zeros
      });
  Tensor point = build.elementwiseRaw(
      {low, scale}, {}, i8, [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        Value start = s.neg(s.div(v[0], v[1]));
        Value cut = s.min(s.max(start, s.number(f32, 0)), s.number(f32, 255));
        return convertScalar(b, loc, math::RoundEvenOp::create(b, loc, cut), i8,
                             false, true);
      });
  Tensor codes = build.elementwiseRaw(
      {build.convert(input, f32), scale, point}, input.shape, i8,
      [&](OpBuilder &b, Location loc, ValueRange v) {
        return quantize(b, loc, v[0], v[1], v[2], i8, true);
      });
  lowering.set(op->getResult(0), codes);
  lowering.set(op->getResult(1), scale);
  lowering.set(op->getResult(2), point);
  return success();
}

/// One side of MatMulInteger as i32, its zero point taken off.
Tensor centred(Lowering &lowering, Operation *op, unsigned operand,
               bool perRow) {
  TensorBuilder &build = lowering.build;
  Tensor codes = lowering.get(op, operand);
  Type i32 = build.b.getI32Type();
  bool isUnsigned = Lowering::isUnsigned(op->getOperand(operand));
  SmallVector<Tensor> inputs = {codes};
  if (lowering.present(op, operand + 2)) {
    Tensor point = lowering.get(op, operand + 2);
    if (point.rank() == 1 && perRow) // one per row: [m, 1]
      point = build.reshape(point, {point.shape[0], Expr(1)});
    inputs.push_back(point);
  }
  return build.elementwiseRaw(
      inputs, codes.shape, i32, [&](OpBuilder &b, Location loc, ValueRange v) {
        Value code = convertScalar(b, loc, v[0], i32, isUnsigned, false);
        return v.size() > 1
                   ? Scalars(b, loc).sub(code, convertScalar(b, loc, v[1], i32,
                                                             isUnsigned, false))
                   : code;
      });
}

LogicalResult lowerMatMulInteger(Lowering &lowering, Operation *op) {
  Tensor lhs = centred(lowering, op, 0, true),
         rhs = centred(lowering, op, 1, false);
  lowering.set(op->getResult(0),
               lowerProduct(lowering, lhs, rhs,
                            lowering.shapeOf(op->getResult(0)),
                            lowering.resultType(op)));
  return success();
}

/// The weights of MatMulNBits as floats, [K, N].
Tensor unpackNBits(Lowering &lowering, Operation *op, Type element) {
  TensorBuilder &build = lowering.build;
  int64_t k = Lowering::integer(op, "K"), n = Lowering::integer(op, "N"),
          bits = Lowering::integer(op, "bits", 4);
  int64_t block = Lowering::integer(op, "block_size"),
          blocks = (k + block - 1) / block;
  int64_t perByte = 8 / bits, pointBytes = (blocks + perByte - 1) / perByte;
  Tensor codes = build.reshape(lowering.get(op, 1),
                               {Expr(n), Expr(blocks * block / perByte)});
  Tensor scales = build.reshape(lowering.get(op, 2), {Expr(n), Expr(blocks)});
  Tensor points, order;
  bool packedPoints = false;
  if (lowering.present(op, 3)) {
    points = lowering.get(op, 3);
    packedPoints = isa<IntegerType>(points.elementType());
    points = build.reshape(points,
                           {Expr(n), Expr(packedPoints ? pointBytes : blocks)});
  }
  if (lowering.present(op, 4))
    order = lowering.get(op, 4);
  return build.generate(
      {}, {Expr(k), Expr(n)}, element,
      [&](OpBuilder &b, Location loc, ValueRange at, ValueRange) -> Value {
        auto constant = [&](int64_t value) -> Value {
          return arith::ConstantIndexOp::create(b, loc, value);
        };
        Value row = at[1], column = at[0];
        Scalars s(b, loc);
        Type f32 = b.getF32Type(), i32 = b.getI32Type();
        // The bits of element `index` of a row of packed codes.
        auto unpack = [&](const Tensor &packed, Value index) {
          Value byte = arith::DivUIOp::create(b, loc, index, constant(perByte));
          Value value = tensor::ExtractOp::create(b, loc, packed.value,
                                                  ValueRange{row, byte});
          Value wide = arith::ExtUIOp::create(b, loc, i32, value);
          Value place = arith::MulIOp::create(
              b, loc, arith::RemUIOp::create(b, loc, index, constant(perByte)),
              constant(bits));
          Value shifted = arith::ShRUIOp::create(
              b, loc, wide, arith::IndexCastOp::create(b, loc, i32, place));
          Value masked = arith::AndIOp::create(
              b, loc, shifted,
              s.number(i32, static_cast<double>((1 << bits) - 1)));
          return arith::UIToFPOp::create(b, loc, f32, masked).getResult();
        };
        Value group = arith::DivUIOp::create(b, loc, column, constant(block));
        if (order) {
          Value chosen = tensor::ExtractOp::create(b, loc, order.value,
                                                   ValueRange{column});
          group = arith::IndexCastOp::create(b, loc, b.getIndexType(), chosen);
        }
        Value point = s.number(f32, static_cast<double>(1 << (bits - 1)));
        if (points && packedPoints)
          point = unpack(points, group);
        else if (points)
          point = build.toCompute(
              b, tensor::ExtractOp::create(b, loc, points.value,
                                           ValueRange{row, group}));
        Value scale = build.toCompute(
            b, tensor::ExtractOp::create(b, loc, scales.value,
                                         ValueRange{row, group}));
        return build.toElement(
            b, s.mul(s.sub(unpack(codes, column), point), scale), element);
      });
}

LogicalResult lowerMatMulNBits(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0);
  Shape shape = lowering.shapeOf(op->getResult(0));
  Type element = lowering.resultType(op);
  int64_t k = Lowering::integer(op, "K"), n = Lowering::integer(op, "N"),
          bits = Lowering::integer(op, "bits", 4);
  int64_t block = Lowering::integer(op, "block_size"),
          blocks = (k + block - 1) / block;
  std::string reason;
  if (bits != 4 && bits != 8)
    reason = "codes of " + std::to_string(bits) + " bits";
  else if (lowering.present(op, 4))
    reason = "the blocks are permuted (g_idx)";
  else if (lowering.present(op, 3) &&
           !isa<IntegerType>(lowering.get(op, 3).elementType()))
    reason = "zero points that are floats";
  Tensor product;
  if (reason.empty()) {
    Tensor codes = build.reshape(
        lowering.get(op, 1), {Expr(n), Expr(blocks), Expr(block * bits / 8)});
    Tensor scales = build.reshape(lowering.get(op, 2), {Expr(n), Expr(blocks)});
    Value points;
    if (lowering.present(op, 3))
      points = build
                   .reshape(lowering.get(op, 3),
                            {Expr(n), Expr((blocks * bits + 7) / 8)})
                   .value;
    Tensor init = build.empty(shape, element);
    auto raised = hybrid::QuantizedMatmulOp::create(
        build.b, build.loc, input.value, codes.value, scales.value, points,
        init.value, bits, block);
    product = {raised->getResult(0), init.shape};
    lowering.report.raised(
        "MatMulNBits", hybrid::nodeName(op), "hybrid.quantized_matmul",
        {{"bits", std::to_string(bits)}, {"block", std::to_string(block)}});
  } else {
    product = lowerProduct(lowering, input, unpackNBits(lowering, op, element),
                           shape, element);
    lowering.report.kept("MatMulNBits", hybrid::nodeName(op), reason);
  }
  if (lowering.present(op, 5))
    product = build.elementwise({product, lowering.get(op, 5)}, shape, element,
                                [](OpBuilder &b, Location loc, ValueRange v) {
                                  return Scalars(b, loc).add(v[0], v[1]);
                                });
  lowering.set(op->getResult(0), product);
  return success();
}

} // namespace

void addQuantization(LoweringTable &table) {
  table["QuantizeLinear"] = lowerQuantizeLinear;
  table["DequantizeLinear"] = lowerDequantizeLinear;
  table["DynamicQuantizeLinear"] = lowerDynamicQuantizeLinear;
  table["MatMulInteger"] = lowerMatMulInteger;
  table["MatMulNBits"] = lowerMatMulNBits;
}

} // namespace jarana::raise
