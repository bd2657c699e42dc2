// Decompositions to linalg: norms and matrix products.
#include "dialects/hybrid/decompose/Build.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::hybrid;

/// Cuts the last dimension of `value` into `groups` and the rest.
static Value expandLast(Build &build, Value value, int64_t groups) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(build.b, build.loc, value);
  AffineExpr d0;
  bindDims(build.b.getContext(), d0);
  OpFoldResult each = affine::makeComposedFoldedAffineApply(
      build.b, build.loc, d0.floorDiv(groups), {sizes.back()});
  sizes.back() = build.attr(groups);
  sizes.push_back(each);
  SmallVector<int64_t> shape(type.getShape());
  shape.push_back(ShapedType::isDynamic(shape.back()) ? ShapedType::kDynamic
                                                      : shape.back() / groups);
  shape[type.getRank() - 1] = groups;
  SmallVector<ReassociationIndices> reassociation(type.getRank());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    reassociation[dim] = {dim};
  reassociation.back().push_back(type.getRank());
  return tensor::ExpandShapeOp::create(build.b, build.loc, type.clone(shape),
                                       value, reassociation, sizes);
}

static Value collapseLast(Build &build, Value value, RankedTensorType type) {
  SmallVector<ReassociationIndices> reassociation(type.getRank());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    reassociation[dim] = {dim};
  reassociation.back().push_back(type.getRank());
  return tensor::CollapseShapeOp::create(build.b, build.loc, type, value,
                                         reassociation);
}

FailureOr<SmallVector<Value>>
RmsNormOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  int64_t groups = getGroups();
  bool grouped = groups != 1;
  auto prepared = [&](Value value) {
    return value && grouped ? expandLast(build, value, groups) : value;
  };
  Value input = prepared(getInput()), weight = prepared(getWeight()),
        gate = prepared(getGate());
  Value y = prepared(getY());
  std::string rows = getLoopNames(), last = grouped ? "gn" : "n";
  for (char &row : rows) // `1` is taken for a dimension of size 1.
    row = static_cast<char>(row - '0' + 'o');
  std::string all = rows + last, mean = grouped ? rows + "g" : rows;
  build.bind(input, all);
  bool before = getGatePosition() == GatePosition::Before;
  if (gate && before)
    input = build.map(
        {{input, all}, {gate, all}}, {build.empty(all, build.f32()), all},
        [](Scalars &s, ValueRange args) {
          return s.mul(s.widen(args[0]), s.silu(s.widen(args[1])));
        });
  Value squares = build.generic(
      all, "n", {{input, all}}, {{build.filled(mean, 0), mean}},
      [](Scalars &s, ValueRange args) {
        Value value = s.widen(args[0]);
        return SmallVector<Value>{s.add(args[1], s.mul(value, value))};
      })[0];
  Value count = arith::IndexCastOp::create(
      builder, getLoc(), builder.getI64Type(), build.index(build.size('n')));
  count = arith::SIToFPOp::create(builder, getLoc(), build.f32(), count);
  double epsilon = getEpsilon().convertToFloat();
  Value factor = build.map(
      {{squares, mean}}, {build.empty(mean, build.f32()), mean},
      [&](Scalars &s, ValueRange args) {
        Value sum = s.add(s.div(args[0], count), s.constant(epsilon));
        return s.div(s.constant(1), math::SqrtOp::create(s.b, s.loc, sum));
      });
  SmallVector<Use> inputs{{input, all}, {factor, mean}};
  if (weight)
    inputs.push_back({weight, last});
  bool after = gate && !before;
  if (after)
    inputs.push_back({gate, all});
  y = build.map(inputs, {y, all}, [&](Scalars &s, ValueRange args) {
    Value value = s.mul(s.widen(args[0]), args[1]);
    if (weight)
      value = s.mul(value, s.widen(args[2]));
    if (after)
      value = s.mul(value, s.silu(s.widen(args[args.size() - 2])));
    return s.narrow(value, args.back().getType());
  });
  if (grouped)
    y = collapseLast(build, y, cast<RankedTensorType>(getY().getType()));
  return SmallVector<Value>{y};
}

FailureOr<SmallVector<Value>>
QuantizedMatmulOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  int64_t bits = getBits(), block = getBlock();
  std::string rows = getLoopNames();
  rows.pop_back();
  for (char &row : rows) // `1` is taken for a dimension of size 1.
    row = static_cast<char>(row - '0' + 'o');
  std::string loops = rows + "nk";
  build.bind(getLhs(), rows + "k");
  build.bind(getCodes(), "n");
  // The weight in f32, [n, k]: codes and scales are read by block.
  MLIRContext *context = builder.getContext();
  AffineExpr n, k;
  bindDims(context, n, k);
  AffineExpr blockOf = k.floorDiv(block), inBlock = k % block;
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(2, 0, exprs, context);
  };
  SmallVector<Use> inputs{
      {getCodes(), "",
       map({n, blockOf, bits == 8 ? inBlock : inBlock.floorDiv(2)})},
      {getScales(), "", map({n, blockOf})}};
  if (getZeroPoints())
    inputs.push_back({getZeroPoints(), "",
                      map({n, bits == 8 ? blockOf : blockOf.floorDiv(2)})});
  auto code = [&](Scalars &s, Value byte, AffineExpr place) -> Value {
    Type i32 = s.b.getI32Type();
    Value wide = arith::ExtUIOp::create(s.b, s.loc, i32, byte);
    if (bits == 4) {
      // The element with the odd index is in the high half.
      Value index = affine::AffineApplyOp::create(
          s.b, s.loc, AffineMap::get(1, 0, (place % 2) * 4, context),
          ValueRange{linalg::IndexOp::create(s.b, s.loc, 1)});
      Value shift = arith::IndexCastOp::create(s.b, s.loc, i32, index);
      Value mask =
          arith::ConstantOp::create(s.b, s.loc, s.b.getI32IntegerAttr(15));
      wide = arith::AndIOp::create(
          s.b, s.loc, arith::ShRUIOp::create(s.b, s.loc, wide, shift), mask);
    }
    return arith::SIToFPOp::create(s.b, s.loc, s.b.getF32Type(), wide);
  };
  AffineExpr column;
  bindDims(context, column);
  Value weight =
      build.map(inputs, {build.empty("nk", build.f32()), "nk"},
                [&](Scalars &s, ValueRange args) {
                  Value value = code(s, args[0], column % block);
                  Value zero =
                      getZeroPoints()
                          ? code(s, args[2], column.floorDiv(block))
                          : s.constant(static_cast<double>(1 << (bits - 1)));
                  return s.mul(s.sub(value, zero), s.widen(args[1]));
                });
  bool direct =
      cast<RankedTensorType>(getY().getType()).getElementType().isF32();
  std::string out = rows + "n";
  Value sum = direct ? build.fill(getY(), 0) : build.filled(out, 0);
  sum = build.contract(loops, "k", {getLhs(), rows + "k"}, {weight, "nk"},
                       {sum, out});
  return SmallVector<Value>{direct ? sum : build.store(sum, getY(), out)};
}

FailureOr<SmallVector<Value>>
PackedMatmulOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  build.bind(getLhs(), "mk");
  build.bind(getPanels(), "qkj");
  build.bind(getY(), "mn");
  Value sum =
      build.contract("mqjk", "k", {getLhs(), "mk"}, {getPanels(), "qkj"},
                     {build.filled("mqj", 0), "mqj"});
  auto type = cast<RankedTensorType>(sum.getType());
  int64_t panels = type.getDimSize(1);
  int64_t columns =
      ShapedType::isDynamic(panels) ? panels : panels * type.getDimSize(2);
  sum = collapseLast(
      build, sum,
      RankedTensorType::get({type.getDimSize(0), columns}, build.f32()));
  // The last panel may stand out over the last column.
  sum = build.slice(sum, 1, build.attr(0), build.size('n'));
  return SmallVector<Value>{build.store(sum, getY(), "mn")};
}

FailureOr<SmallVector<Value>>
IndexedMatmulOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  build.bind(getLhs(), "tk");
  build.bind(getY(), "tn");
  Value weights = getWeights();
  int64_t matrices = cast<RankedTensorType>(weights.getType()).getDimSize(0);
  // Matrices are read where they lie: the gathered ones would fill memory.
  Value sum = build.generic(
      "tnk", "k", {{getLhs(), "tk"}, {getIndices(), "t"}},
      {{build.filled("tn", 0), "tn"}}, [&](Scalars &s, ValueRange args) {
        auto number = [&](int64_t value) -> Value {
          return arith::ConstantIndexOp::create(s.b, s.loc, value);
        };
        Value index =
            arith::IndexCastOp::create(s.b, s.loc, s.b.getIndexType(), args[1]);
        Value fromEnd =
            arith::AddIOp::create(s.b, s.loc, index, number(matrices));
        Value negative = arith::CmpIOp::create(
            s.b, s.loc, arith::CmpIPredicate::slt, index, number(0));
        index = s.select(negative, fromEnd, index);
        index = arith::MaxSIOp::create(s.b, s.loc, index, number(0));
        index = arith::MinSIOp::create(s.b, s.loc, index, number(matrices - 1));
        Value n = linalg::IndexOp::create(s.b, s.loc, 1),
              k = linalg::IndexOp::create(s.b, s.loc, 2);
        Value weight = tensor::ExtractOp::create(s.b, s.loc, weights,
                                                 getTransposed()
                                                     ? ValueRange{index, n, k}
                                                     : ValueRange{index, k, n});
        return SmallVector<Value>{
            s.add(args[2], s.mul(s.widen(args[0]), s.widen(weight)))};
      })[0];
  return SmallVector<Value>{build.store(sum, getY(), "tn")};
}
