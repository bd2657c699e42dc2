// Decompositions to linalg: attention, its running form, cache updates, rotary
// embedding.
#include "dialects/hybrid/decompose/Build.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace mlir::hybrid;

static constexpr double kMinusInf = -std::numeric_limits<double>::infinity();

/// The scores [b, h, r, m, s] in f32, -inf where a key is masked.
template <class Op> static Value scores(Build &build, Op op) {
  build.bind(op.getQuery(), "bhrmd");
  build.bind(op.getKey(), "bhsd");
  build.bind(op.getValue(), "bhse");
  Value dot = build.contract("bhrmsd", "d", {op.getQuery(), "bhrmd"},
                             {op.getKey(), "bhsd"},
                             {build.filled("bhrms", 0), "bhrms"});
  SmallVector<Use> inputs{{dot, "bhrms"}};
  if (op.getBias())
    inputs.push_back({op.getBias(), "BHRMs"});
  bool causal = op.getMask() == AttentionMask::Causal;
  if (Value offset = op.getQueryOffset(); offset && causal)
    inputs.push_back({offset, cast<RankedTensorType>(offset.getType()).getRank()
                                  ? "b"
                                  : ""});
  double scale = op.getScale().convertToFloat(),
         cap = op.getSoftcap().convertToFloat();
  return build.map(
      inputs, {build.empty("bhrms", build.f32()), "bhrms"},
      [&](Scalars &s, ValueRange args) {
        Value value = s.mul(args[0], s.constant(scale));
        if (cap != 0) {
          value = s.div(value, s.constant(cap));
          value =
              s.mul(math::TanhOp::create(s.b, s.loc, value), s.constant(cap));
        }
        if (op.getBias())
          value = s.add(value, s.widen(args[1]));
        if (!causal)
          return value;
        Value last = s.index('m');
        if (op.getQueryOffset())
          last = arith::AddIOp::create(s.b, s.loc, last, args[args.size() - 2]);
        Value seen = arith::CmpIOp::create(
            s.b, s.loc, arith::CmpIPredicate::sle, s.index('s'), last);
        if (int64_t window = op.getWindow()) {
          Value width = arith::ConstantOp::create(
              s.b, s.loc, s.b.getI64IntegerAttr(window));
          Value hidden = arith::SubIOp::create(s.b, s.loc, last, width);
          Value recent = arith::CmpIOp::create(
              s.b, s.loc, arith::CmpIPredicate::sgt, s.index('s'), hidden);
          seen = arith::AndIOp::create(s.b, s.loc, seen, recent);
        }
        return s.select(seen, value, s.constant(kMinusInf));
      });
}

/// max[b, h, r, m] of the scores and of what `init` holds.
static Value maximum(Build &build, Value score, Value init) {
  return build.generic("bhrms", "s", {{score, "bhrms"}}, {{init, "bhrm"}},
                       [](Scalars &s, ValueRange args) {
                         return SmallVector<Value>{s.max(args[0], args[1])};
                       })[0];
}

/// exp(value - max), 0 where both are -inf.
static Value expBelow(Scalars &s, Value value, Value max) {
  Value none = s.isEqual(max, s.constant(kMinusInf));
  return s.exp(s.sub(value, s.select(none, s.constant(0), max)));
}

/// exp(score - max)
static Value probabilities(Build &build, Value score, Value max) {
  return build.map({{score, "bhrms"}, {max, "bhrm"}},
                   {build.empty("bhrms", build.f32()), "bhrms"},
                   [](Scalars &s, ValueRange args) {
                     return expBelow(s, args[0], args[1]);
                   });
}

static Value sumOver(Build &build, Value probability, Value init) {
  return build.generic("bhrms", "s", {{probability, "bhrms"}}, {{init, "bhrm"}},
                       [](Scalars &s, ValueRange args) {
                         return SmallVector<Value>{s.add(args[1], args[0])};
                       })[0];
}

FailureOr<SmallVector<Value>>
AttentionOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  Value score = scores(build, *this);
  Value lowest, rest;
  if (getSink())
    lowest = build.map(
        {{getSink(), "hr"}}, {build.empty("bhrm", build.f32()), "bhrm"},
        [](Scalars &s, ValueRange args) { return s.widen(args[0]); });
  else
    lowest = build.filled("bhrm", kMinusInf);
  Value max = maximum(build, score, lowest);
  Value probability = probabilities(build, score, max);
  if (getSink())
    rest = build.map({{getSink(), "hr"}, {max, "bhrm"}},
                     {build.empty("bhrm", build.f32()), "bhrm"},
                     [](Scalars &s, ValueRange args) {
                       return expBelow(s, s.widen(args[0]), args[1]);
                     });
  else
    rest = build.filled("bhrm", 0);
  Value sum = sumOver(build, probability, rest);
  Value acc =
      build.contract("bhrmes", "s", {probability, "bhrms"},
                     {getValue(), "bhse"}, {build.filled("bhrme", 0), "bhrme"});
  Value y = build.map({{acc, "bhrme"}, {sum, "bhrm"}}, {getY(), "bhrme"},
                      [](Scalars &s, ValueRange args) {
                        Value none = s.isEqual(args[1], s.constant(0));
                        Value value = s.select(none, s.constant(0),
                                               s.div(args[0], args[1]));
                        return s.narrow(value, args[2].getType());
                      });
  return SmallVector<Value>{y};
}

FailureOr<SmallVector<Value>>
OnlineAttentionOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  Value score = scores(build, *this);
  // The old maximum is needed once more, so the new one gets its own place.
  Value start = build.map({{getMax(), "bhrm"}},
                          {build.empty("bhrm", build.f32()), "bhrm"},
                          [](Scalars &, ValueRange args) { return args[0]; });
  Value max = maximum(build, score, start);
  Value probability = probabilities(build, score, max);
  Value keep = build.map({{getMax(), "bhrm"}, {max, "bhrm"}},
                         {build.empty("bhrm", build.f32()), "bhrm"},
                         [](Scalars &s, ValueRange args) {
                           return expBelow(s, args[0], args[1]);
                         });
  auto scaled = [&](Value init, StringRef dims) {
    return build.generic(dims, "", {{keep, "bhrm"}}, {{init, dims.str()}},
                         [](Scalars &s, ValueRange args) {
                           return SmallVector<Value>{s.mul(args[1], args[0])};
                         })[0];
  };
  Value sum = sumOver(build, probability, scaled(getSum(), "bhrm"));
  Value acc = build.contract("bhrmes", "s", {probability, "bhrms"},
                             {getValue(), "bhse"},
                             {scaled(getAcc(), "bhrme"), "bhrme"});
  return SmallVector<Value>{acc, build.store(max, getMax(), "bhrm"), sum};
}

FailureOr<SmallVector<Value>>
KvCacheUpdateOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Location loc = getLoc();
  Build build(builder, loc);
  auto place = [&](ValueRange indices) {
    Value position =
        tensor::ExtractOp::create(builder, loc, getPosition(), indices);
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      position)
        .getResult();
  };
  if (cast<RankedTensorType>(getPosition().getType()).getRank() == 0)
    return SmallVector<Value>{
        build.insert(getNewValues(), getCache(), 2, place({}))};
  build.bind(getNewValues(), "bhld");
  auto loop = scf::ForOp::create(
      builder, loc, build.index(0), build.index(build.size('b')),
      build.index(1), ValueRange{getCache()},
      [&](OpBuilder &inner, Location at, Value batch, ValueRange carried) {
        Value part =
            build.slice(getNewValues(), 0, OpFoldResult(batch), build.attr(1));
        SmallVector<OpFoldResult> offsets(4, build.attr(0)),
            strides(4, build.attr(1));
        offsets[0] = batch;
        offsets[2] = place(batch);
        Value next = tensor::InsertSliceOp::create(
            inner, at, part, carried[0], offsets,
            tensor::getMixedSizes(inner, at, part), strides);
        scf::YieldOp::create(inner, at, next);
      });
  return SmallVector<Value>{loop.getResult(0)};
}

FailureOr<SmallVector<Value>>
RotaryEmbeddingOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  build.bind(getInput(), "blhd");
  int64_t rotary = getRotaryDim(), half = rotary / 2;
  bool halves = getMode() == RotaryMode::Half;
  int64_t second = halves ? half : 1, stride = halves ? 1 : 2;
  auto part = [&](Value value, int64_t offset) {
    return build.slice(value, 3, build.attr(offset), build.attr(half), stride);
  };
  // One half after the other, so that each is written in its place in y.
  SmallVector<Use> inputs{{part(getInput(), 0), "blhi"},
                          {part(getInput(), second), "blhi"},
                          {getCos(), "Bli"},
                          {getSin(), "Bli"}};
  Value y = getY();
  for (int64_t offset : {int64_t(0), second}) {
    Value turned = build.map(
        inputs, {part(y, offset), "blhi"}, [&](Scalars &s, ValueRange args) {
          Value u = s.widen(args[0]), v = s.widen(args[1]);
          Value cos = s.widen(args[2]), sin = s.widen(args[3]);
          Value value = offset == 0 ? s.sub(s.mul(u, cos), s.mul(v, sin))
                                    : s.add(s.mul(v, cos), s.mul(u, sin));
          return s.narrow(value, args[4].getType());
        });
    y = build.insert(turned, y, 3, build.attr(offset), stride);
  }
  int64_t size = cast<RankedTensorType>(getInput().getType()).getDimSize(3);
  if (size == rotary)
    return SmallVector<Value>{y};
  AffineExpr d0;
  bindDims(builder.getContext(), d0);
  OpFoldResult rest = affine::makeComposedFoldedAffineApply(
      builder, getLoc(), d0 - rotary, {build.size('d')});
  Value passed = build.slice(getInput(), 3, build.attr(rotary), rest);
  Value place = build.slice(y, 3, build.attr(rotary), rest);
  passed =
      linalg::CopyOp::create(builder, getLoc(), passed, place).getResult(0);
  return SmallVector<Value>{build.insert(passed, y, 3, build.attr(rotary))};
}
