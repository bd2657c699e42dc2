// cpu-expand-math: exp becomes arithmetic; other functions call libm.
#include "passes/cpu/Passes.h"

#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/DialectConversion.h"

#include <cmath>

using namespace mlir;

namespace jarana::cpu {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "passes/cpu/Passes.h.inc"

namespace {

/// Builds arithmetic on scalars or vectors of one shape.
struct Lanes {
  ImplicitLocOpBuilder &b;
  Type floatType, intType;
  // Contraction to fma is the only freedom that LLVM gets.
  arith::FastMathFlags flags = arith::FastMathFlags::contract;

  Value constant(float value) const {
    return splat(floatType, b.getF32FloatAttr(value));
  }
  Value constant(int32_t value) const {
    return splat(intType, b.getI32IntegerAttr(value));
  }
  Value splat(Type type, TypedAttr value) const {
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, Attribute(value));
    return arith::ConstantOp::create(b, value);
  }
  Value add(Value x, Value y) const {
    return arith::AddFOp::create(b, x, y, flags);
  }
  Value mul(Value x, Value y) const {
    return arith::MulFOp::create(b, x, y, flags);
  }
  Value mulAdd(Value x, Value y, Value z) const { return add(mul(x, y), z); }
  /// 2^i for -126 <= i <= 127.
  Value powerOfTwo(Value i) const {
    Value biased = arith::AddIOp::create(b, i, constant(127));
    Value bits = arith::ShLIOp::create(b, biased, constant(23));
    return arith::BitcastOp::create(b, floatType, bits);
  }
};

/// exp(x) = 2^i * exp(r), i the nearest integer to x/ln 2, |r| <= ln 2 / 2, and
/// exp(r) by the polynomial of Cephes' expf (S. Moshier). 2^i is applied in two
/// steps: each is a normal number, so results that are subnormal or overflow
/// are rounded once.
Value expandExp(const Lanes &l, Value x) {
  ImplicitLocOpBuilder &b = l.b;
  // Beyond these the result is infinite or zero. NaN fails both comparisons.
  Value high = l.constant(89.0f), low = l.constant(-104.0f);
  Value above = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, high);
  x = arith::SelectOp::create(b, above, high, x);
  Value below = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, low);
  x = arith::SelectOp::create(b, below, low, x);
  // Adding 1.5 * 2^23 rounds to an integer, which is then in the low bits: no
  // conversion, which would not be defined for NaN.
  Value magic = l.constant(12582912.0f);
  Value shifted = l.mulAdd(x, l.constant(1.44269504088896341f), magic);
  Value n = arith::SubFOp::create(b, shifted, magic);
  Value i =
      arith::SubIOp::create(b, arith::BitcastOp::create(b, l.intType, shifted),
                            arith::BitcastOp::create(b, l.intType, magic));
  Value r = l.mulAdd(n, l.constant(-0.693359375f), x);
  r = l.mulAdd(n, l.constant(2.12194440e-4f), r);
  Value p = l.constant(1.9875691500e-4f);
  for (float c : {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f,
                  1.6666665459e-1f, 5.0000001201e-1f})
    p = l.mulAdd(p, r, l.constant(c));
  Value y = l.add(l.mulAdd(p, l.mul(r, r), r), l.constant(1.0f));
  Value half = arith::ShRSIOp::create(b, i, l.constant(1));
  Value rest = arith::SubIOp::create(b, i, half);
  y = arith::MulFOp::create(b, y, l.powerOfTwo(half));
  return arith::MulFOp::create(b, y, l.powerOfTwo(rest));
}

Type withElement(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

struct ExpandExp : OpRewritePattern<math::ExpOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::ExpOp op,
                                PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "only f32 has a polynomial");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Lanes lanes{b, op.getType(), withElement(op.getType(), b.getI32Type())};
    rewriter.replaceOp(op, expandExp(lanes, op.getOperand()));
    return success();
  }
};

struct ExpandMath : impl::ExpandMathPassBase<ExpandMath> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    // f16 and bf16 are too narrow to compute in.
    SmallVector<Operation *> narrow;
    getOperation().walk([&](Operation *op) {
      if (isa<math::MathDialect>(op->getDialect()) &&
          op->getNumResults() == 1 && op->getNumOperands() > 0 &&
          isNarrow(op->getOperand(0).getType()))
        narrow.push_back(op);
    });
    for (Operation *op : narrow)
      computeInF32(op);
    RewritePatternSet patterns(context);
    patterns.add<ExpandExp>(context, /*benefit=*/2); // rather than libm's
    populateMathToLibmConversionPatterns(patterns);
    ConversionTarget target(*context);
    target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
    target.addIllegalOp<
        math::ExpOp, math::Exp2Op, math::ExpM1Op, math::LogOp, math::Log2Op,
        math::Log10Op, math::Log1pOp, math::TanhOp, math::SinOp, math::CosOp,
        math::TanOp, math::AtanOp, math::Atan2Op, math::ErfOp, math::ErfcOp,
        math::PowFOp, math::SinhOp, math::CoshOp, math::AsinOp, math::AcosOp,
        math::CbrtOp, math::AsinhOp, math::AcoshOp, math::AtanhOp>();
    if (failed(applyPartialConversion(getOperation(), target,
                                      std::move(patterns))))
      signalPassFailure();
  }

  static bool isNarrow(Type type) {
    Type element = getElementTypeOrSelf(type);
    return element.isF16() || element.isBF16();
  }

  static void computeInF32(Operation *op) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    for (OpOperand &operand : op->getOpOperands()) {
      Type type = operand.get().getType();
      if (isa<FloatType>(getElementTypeOrSelf(type)))
        operand.set(arith::ExtFOp::create(b, withElement(type, b.getF32Type()),
                                          operand.get()));
    }
    Value result = op->getResult(0);
    Type type = result.getType();
    if (!isNarrow(type)) // isnan and the like
      return;
    result.setType(withElement(type, b.getF32Type()));
    b.setInsertionPointAfter(op);
    auto narrowed = arith::TruncFOp::create(b, type, result);
    result.replaceAllUsesExcept(narrowed, narrowed);
  }
};
} // namespace
} // namespace jarana::cpu
