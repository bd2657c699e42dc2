// Canonicalisation: scans of one position, groups expanded to heads, operands
// that do nothing.
#include "dialects/hybrid/Hybrid.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::hybrid;

namespace {

/// A scan over one position is a state update.
struct UseStateUpdate : OpRewritePattern<SsdScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SsdScanOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "on buffers");
    if (cast<ShapedType>(op.getX().getType()).getDimSize(1) != 1)
      return rewriter.notifyMatchFailure(op, "not known to be one position");
    FailureOr<SmallVector<Value>> values =
        op.buildStep(rewriter, op->getOperands());
    if (failed(values))
      return failure();
    rewriter.replaceOp(op, *values);
    return success();
  }
};

/// What [b, l, g * k, n] is made of: each group of `source` [b, l, g, n] k
/// times.
struct Expanded {
  Value source;
  int64_t groups, times;
};

} // namespace

/// The input of an op that only repeats it along a new dimension 3.
static Value repeatedAlong3(Operation *op) {
  if (auto broadcast = dyn_cast_if_present<linalg::BroadcastOp>(op))
    return broadcast.getDimensions() == ArrayRef<int64_t>{3}
               ? broadcast.getInput()
               : Value();
  auto generic = dyn_cast_if_present<linalg::GenericOp>(op);
  if (!generic || generic.getNumDpsInputs() != 1 ||
      generic.getNumDpsInits() != 1 || generic.getNumReductionLoops() != 0 ||
      generic.getNumLoops() != 5)
    return {};
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  AffineMap dropped =
      AffineMap::getMultiDimIdentityMap(5, op->getContext()).dropResult(3);
  Block &body = generic.getRegion().front();
  bool yieldsInput = body.getTerminator()->getOperand(0) == body.getArgument(0);
  return yieldsInput && maps[0] == dropped && maps[1].isIdentity()
             ? generic.getDpsInputs()[0]
             : Value();
}

static std::optional<Expanded> matchExpanded(Value value) {
  auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>();
  if (!collapse || collapse.getReassociationIndices() !=
                       SmallVector<ReassociationIndices>{{0}, {1}, {2, 3}, {4}})
    return std::nullopt;
  RankedTensorType wide = collapse.getSrcType();
  Value source = repeatedAlong3(collapse.getSrc().getDefiningOp());
  if (!source || wide.isDynamicDim(2) || wide.isDynamicDim(3))
    return std::nullopt;
  return Expanded{source, wide.getDimSize(2), wide.getDimSize(3)};
}

/// `value` with its dimensions `dim` and `dim + 1` (their product known) cut
/// anew, into `first` and `second`.
static Value recut(OpBuilder &builder, Location loc, Value value, int64_t dim,
                   int64_t first, int64_t second) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<ReassociationIndices> joined;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    if (i == dim + 1)
      joined.back().push_back(i);
    else
      joined.push_back({i});
  }
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, value);
  sizes[dim] = builder.getIndexAttr(first);
  sizes[dim + 1] = builder.getIndexAttr(second);
  SmallVector<int64_t> flat(type.getShape()), cut(type.getShape());
  flat.erase(flat.begin() + dim + 1);
  flat[dim] = first * second;
  cut[dim] = first;
  cut[dim + 1] = second;
  Value collapsed = tensor::CollapseShapeOp::create(
      builder, loc, type.clone(flat), value, joined);
  return tensor::ExpandShapeOp::create(builder, loc, type.clone(cut), collapsed,
                                       joined, sizes);
}

namespace {

/// b and c that repeat each group for its heads: the scan knows groups itself.
struct FoldExpandedGroups : OpRewritePattern<SsdScanOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SsdScanOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "on buffers");
    std::optional<Expanded> b = matchExpanded(op.getB()),
                            c = matchExpanded(op.getC());
    if (!b || !c || b->groups != c->groups || b->times != c->times ||
        b->times == 1)
      return rewriter.notifyMatchFailure(
          op, "b and c are not groups that are repeated");
    auto xType = cast<RankedTensorType>(op.getX().getType());
    int64_t expanded = xType.getDimSize(2), heads = xType.getDimSize(3);
    if (expanded != b->groups * b->times || ShapedType::isDynamic(heads))
      return rewriter.notifyMatchFailure(op,
                                         "the number of heads is not known");
    Location loc = op.getLoc();
    int64_t groups = b->groups, perGroup = b->times * heads;
    auto regroup = [&](Value value, int64_t dim) {
      return value ? recut(rewriter, loc, value, dim, groups, perGroup)
                   : Value();
    };
    bool aPerHead = cast<ShapedType>(op.getA().getType()).getRank() == 2;
    auto scan = SsdScanOp::create(
        rewriter, loc, regroup(op.getX(), 2), regroup(op.getDt(), 2),
        regroup(op.getA(), aPerHead ? 0 : 2), b->source, c->source,
        regroup(op.getY(), 2), regroup(op.getState(), 1), op.getChunk());
    scan->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceOp(
        op, {recut(rewriter, loc, scan.getResult(0), 2, expanded, heads),
             recut(rewriter, loc, scan.getResult(1), 1, expanded, heads)});
    return success();
  }
};

/// A weight of ones does nothing.
struct DropUnitWeight : OpRewritePattern<RmsNormOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(RmsNormOp op,
                                PatternRewriter &rewriter) const override {
    DenseFPElementsAttr weight;
    if (!op.getWeight() || !matchPattern(op.getWeight(), m_Constant(&weight)) ||
        !weight.isSplat() ||
        !weight.getSplatValue<APFloat>().isExactlyValue(1.0))
      return rewriter.notifyMatchFailure(op, "the weight is not known to be 1");
    rewriter.modifyOpInPlace(op, [&] { op.getWeightMutable().clear(); });
    return success();
  }
};

/// An offset of 0 is the default.
template <class Op> struct DropZeroOffset : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Value offset = op.getQueryOffset();
    DenseIntElementsAttr value;
    if (!offset)
      return failure();
    bool masked = op.getMask() == AttentionMask::Causal;
    bool zero = matchPattern(offset, m_Constant(&value)) && value.isSplat() &&
                value.template getSplatValue<APInt>().isZero();
    if (masked && !zero)
      return rewriter.notifyMatchFailure(op, "the offset is not known to be 0");
    rewriter.modifyOpInPlace(op, [&] { op.getQueryOffsetMutable().clear(); });
    return success();
  }
};

} // namespace

void SsdScanOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<UseStateUpdate, FoldExpandedGroups>(context);
}

void RmsNormOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<DropUnitWeight>(context);
}

void AttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                              MLIRContext *context) {
  patterns.add<DropZeroOffset<AttentionOp>>(context);
}

void OnlineAttentionOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                                    MLIRContext *context) {
  patterns.add<DropZeroOffset<OnlineAttentionOp>>(context);
}
