// cpu-expand-half-conversions: what LLVM would call a library for.
#include "passes/cpu/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_EXPANDHALFCONVERSIONSPASS
#include "passes/cpu/Passes.h.inc"

namespace {

Type withElement(Type type, Type element) {
  if (auto shaped = dyn_cast<ShapedType>(type))
    return shaped.clone(element);
  return element;
}

/// Builds integer operations on scalars or vectors of the shape of `like`.
struct Bits {
  ImplicitLocOpBuilder &b;
  Type like;

  Type type(unsigned width) const {
    return withElement(like, b.getIntegerType(width));
  }
  Type floats() const { return withElement(like, b.getF32Type()); }
  Value constant(uint32_t value) const {
    return splat(type(32), b.getI32IntegerAttr(static_cast<int32_t>(value)));
  }
  Value constant(float value) const {
    return splat(floats(), b.getF32FloatAttr(value));
  }
  Value splat(Type type, TypedAttr value) const {
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, Attribute(value));
    return arith::ConstantOp::create(b, value);
  }
  Value ofFloat(Value x) const {
    return arith::BitcastOp::create(b, type(32), x);
  }
  Value toFloat(Value x) const {
    return arith::BitcastOp::create(b, floats(), x);
  }
  Value both(Value x, uint32_t mask) const {
    return arith::AndIOp::create(b, x, constant(mask));
  }
  Value either(Value x, Value y) const { return arith::OrIOp::create(b, x, y); }
  Value add(Value x, Value y) const { return arith::AddIOp::create(b, x, y); }
  Value add(Value x, uint32_t y) const { return add(x, constant(y)); }
  Value left(Value x, uint32_t count) const {
    return arith::ShLIOp::create(b, x, constant(count));
  }
  Value right(Value x, uint32_t count) const {
    return arith::ShRUIOp::create(b, x, constant(count));
  }
  /// x < y for numbers below 2^31: SSE2 compares signed integers alone.
  Value below(Value x, uint32_t y) const {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, constant(y));
  }
  Value select(Value condition, Value x, Value y) const {
    return arith::SelectOp::create(b, condition, x, y);
  }
};

/// f16 to f32, exactly. No subnormal f32 occurs, so that it does not matter
/// whether the processor treats those as zero.
struct ExtendF16 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    Value in = op.getIn();
    if (!getElementTypeOrSelf(in.getType()).isF16())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Bits bits{b, in.getType()};
    Value whole = arith::ExtUIOp::create(
        b, bits.type(32), arith::BitcastOp::create(b, bits.type(16), in));
    Value magnitude = bits.both(whole, 0x7fff);
    Value sign = bits.left(bits.both(whole, 0x8000), 16);
    Value moved = bits.left(magnitude, 13);
    // The bias of the exponent grows from 15 to 127; that of infinities and NaN
    // becomes 255.
    Value normal = bits.add(moved, 112u << 23);
    Value special = bits.add(moved, 224u << 23);
    // A NaN is quiet afterwards, as the processors' instruction makes it.
    Value quiet = bits.select(bits.below(magnitude, 0x7c01), special,
                              bits.either(special, bits.constant(1u << 22)));
    Value count = arith::SIToFPOp::create(b, bits.floats(), magnitude);
    Value subnormal =
        bits.ofFloat(arith::MulFOp::create(b, count, bits.constant(0x1p-24f)));
    Value finite = bits.select(bits.below(magnitude, 0x400), subnormal, normal);
    Value result = bits.toFloat(bits.either(
        sign, bits.select(bits.below(magnitude, 0x7c00), finite, quiet)));
    if (result.getType() != op.getType())
      result = arith::ExtFOp::create(b, op.getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// f32 to f16, to the nearest, ties to even. Again without subnormal f32.
struct TruncateToF16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Value in = op.getIn();
    if (!getElementTypeOrSelf(op.getType()).isF16() ||
        !getElementTypeOrSelf(in.getType()).isF32())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Bits bits{b, in.getType()};
    Value whole = bits.ofFloat(in);
    Value magnitude = bits.both(whole, 0x7fffffff);
    Value sign = bits.both(bits.right(whole, 16), 0x8000);
    // Normal results: rounded at bit 13, with the smaller bias of the exponent.
    Value odd = bits.both(bits.right(magnitude, 13), 1);
    Value normal = bits.right(
        bits.add(bits.add(magnitude, 0xfffu - (112u << 23)), odd), 13);
    // Subnormal results: 0.5 has its last bit where they have theirs.
    Value aligned =
        arith::AddFOp::create(b, bits.toFloat(magnitude), bits.constant(0.5f));
    Value subnormal = bits.add(bits.ofFloat(aligned), -(126u << 23));
    Value infinite = bits.constant(0x7c00u);
    Value nan = bits.either(bits.both(bits.right(magnitude, 13), 0x3ff),
                            bits.constant(0x7e00u));
    // Below 2^-14, below 2^16, and what is no NaN.
    Value result =
        bits.select(bits.below(magnitude, 113u << 23), subnormal, normal);
    result = bits.select(bits.below(magnitude, 143u << 23), result, infinite);
    result = bits.select(bits.below(magnitude, 0x7f800001), result, nan);
    Value narrow =
        arith::TruncIOp::create(b, bits.type(16), bits.either(result, sign));
    rewriter.replaceOpWithNewOp<arith::BitcastOp>(op, op.getType(), narrow);
    return success();
  }
};

/// From f64, through f32: where that is inexact its last bit is made odd, so
/// that the second rounding goes the way that one alone would.
struct TruncateFromF64 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Value in = op.getIn();
    Type to = getElementTypeOrSelf(op.getType());
    if (!(to.isF16() || to.isBF16()) ||
        !getElementTypeOrSelf(in.getType()).isF64())
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Bits bits{b, in.getType()};
    Value near = arith::TruncFOp::create(b, bits.floats(), in);
    Value back = arith::ExtFOp::create(b, in.getType(), near);
    Value whole = bits.ofFloat(near);
    Value isOdd = arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                        bits.both(whole, 1), bits.constant(0u));
    // NaN is kept, too.
    Value exact = arith::CmpFOp::create(b, arith::CmpFPredicate::UEQ, in, back);
    // The neighbour on the side of `in`: away from zero or towards it.
    Type wide = bits.type(64);
    Value magnitudeMask = bits.splat(
        wide, b.getI64IntegerAttr(std::numeric_limits<int64_t>::max()));
    auto magnitude = [&](Value x) {
      return arith::AndIOp::create(b, arith::BitcastOp::create(b, wide, x),
                                   magnitudeMask);
    };
    Value outward = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt,
                                          magnitude(in), magnitude(back));
    Value neighbour = bits.add(
        whole, bits.select(outward, bits.constant(1u), bits.constant(-1u)));
    Value keep = arith::OrIOp::create(b, exact, isOdd);
    Value odd = bits.toFloat(bits.select(keep, whole, neighbour));
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), odd);
    return success();
  }
};

struct ExpandHalfConversions
    : impl::ExpandHalfConversionsPassBase<ExpandHalfConversions> {
  using ExpandHalfConversionsPassBase::ExpandHalfConversionsPassBase;
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet doubles(context);
    doubles.add<TruncateFromF64>(context);
    walkAndApplyPatterns(getOperation(), std::move(doubles));
    if (!f16)
      return;
    RewritePatternSet patterns(context);
    patterns.add<ExtendF16, TruncateToF16>(context);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace
} // namespace jarana::cpu
