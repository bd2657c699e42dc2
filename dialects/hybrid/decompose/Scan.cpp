// Decompositions to linalg: state update, the recurrent view of a scan, causal
// convolution.
#include "dialects/hybrid/decompose/Build.h"

using namespace mlir;
using namespace mlir::hybrid;

namespace {
/// The operands of one position. `t` is empty, or "t" where all but the state,
/// and an `a` of rank 2, have a dimension t of size 1 after the batch.
struct Position {
  Value x, dt, a, b, c, y, state;
  std::string t;
};
} // namespace

static SmallVector<Value> updateState(Build &build, const Position &at) {
  auto dims = [&](StringRef rest) { return "b" + at.t + rest.str(); };
  std::string perHead = dims("gr"), values = dims("grp"),
              projection = dims("gn");
  std::string aDims =
      cast<RankedTensorType>(at.a.getType()).getRank() == 2 ? "gr" : perHead;
  SmallVector<Use> decayInputs{{at.a, aDims}};
  if (at.dt)
    decayInputs.push_back({at.dt, perHead});
  Value decay =
      build.map(decayInputs, {build.empty(perHead, build.f32()), perHead},
                [](Scalars &s, ValueRange args) {
                  Value log = s.widen(args[0]);
                  if (args.size() == 3)
                    log = s.mul(s.widen(args[1]), log);
                  return s.exp(log);
                });
  bool direct = getElementTypeOrSelf(at.y).isF32();
  Value sum = direct ? build.fill(at.y, 0) : build.filled(values, 0);
  // One pass over the state: it is decayed, added to, stored, and read for y.
  SmallVector<Use> inputs{
      {decay, perHead}, {at.x, values}, {at.b, projection}, {at.c, projection}};
  if (at.dt)
    inputs.push_back({at.dt, perHead});
  SmallVector<Value> results = build.generic(
      dims("grpn"), "n", inputs, {{at.state, "bgrpn"}, {sum, values}},
      [&](Scalars &s, ValueRange args) {
        Value state = args[args.size() - 2], y = args.back();
        Value x = s.widen(args[1]);
        if (at.dt)
          x = s.mul(s.widen(args[4]), x);
        Value next =
            s.add(s.mul(args[0], s.widen(state)), s.mul(x, s.widen(args[2])));
        return SmallVector<Value>{s.narrow(next, state.getType()),
                                  s.add(y, s.mul(next, s.widen(args[3])))};
      });
  return {direct ? results[1] : build.store(results[1], at.y, values),
          results[0]};
}

FailureOr<SmallVector<Value>>
StateUpdateOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  build.bind(getState(), "bgrpn");
  return updateState(
      build, {getX(), getDt(), getA(), getB(), getC(), getY(), getState(), ""});
}

FailureOr<SmallVector<Value>> hybrid::decomposeRecurrent(OpBuilder &builder,
                                                         SsdScanOp op) {
  if (!op.hasPureTensorSemantics())
    return failure();
  Build build(builder, op.getLoc());
  build.bind(op.getState(), "bgrpn");
  build.bind(op.getX(), "blgrp");
  build.bind('t', build.attr(1));
  bool decayPerPosition =
      cast<RankedTensorType>(op.getA().getType()).getRank() == 4;
  auto loop = scf::ForOp::create(
      builder, op.getLoc(), build.index(0), build.index(build.size('l')),
      build.index(1), ValueRange{op.getY(), op.getState()},
      [&](OpBuilder &inner, Location at, Value t, ValueRange carried) {
        OpFoldResult position = t;
        Position operands{build.at(op.getX(), 1, position),
                          op.getDt() ? build.at(op.getDt(), 1, position)
                                     : Value(),
                          decayPerPosition ? build.at(op.getA(), 1, position)
                                           : Value(op.getA()),
                          build.at(op.getB(), 1, position),
                          build.at(op.getC(), 1, position),
                          build.at(carried[0], 1, position),
                          carried[1],
                          "t"};
        SmallVector<Value> results = updateState(build, operands);
        scf::YieldOp::create(
            inner, at,
            ValueRange{build.insert(results[0], carried[0], 1, position),
                       results[1]});
      });
  return llvm::to_vector_of<Value>(loop.getResults());
}

FailureOr<SmallVector<Value>>
SsdScanOp::decomposeOperation(OpBuilder &builder) {
  return getChunk() ? decomposeChunked(builder, *this, *getChunk())
                    : decomposeRecurrent(builder, *this);
}

FailureOr<SmallVector<Value>>
CausalConv1dOp::decomposeOperation(OpBuilder &builder) {
  if (!hasPureTensorSemantics())
    return failure();
  Build build(builder, getLoc());
  build.bind(getInput(), "blc");
  build.bind(getWeight(), "ck");
  build.bind(getState(), "bwc");
  Type inputType =
      cast<RankedTensorType>(getInput().getType()).getElementType();
  Type stateType =
      cast<RankedTensorType>(getState().getType()).getElementType();
  // full = concat(state, input); in f32 where the state is, so that it loses
  // nothing.
  AffineExpr d0, d1;
  bindDims(builder.getContext(), d0, d1);
  build.bind(
      'f', affine::makeComposedFoldedAffineApply(
               builder, getLoc(), d0 + d1, {build.size('w'), build.size('l')}));
  Value input = getInput();
  if (stateType != inputType)
    input =
        build.map({{input, "blc"}}, {build.empty("blc", stateType), "blc"},
                  [](Scalars &s, ValueRange args) { return s.widen(args[0]); });
  // Slices of a size known to be 0 would lie outside.
  bool noState = isConstantIntValue(build.size('w'), 0);
  if (isConstantIntValue(build.size('l'), 0))
    return SmallVector<Value>{getY(), getState()};
  Value full = input;
  if (!noState) {
    full = build.empty("bfc", stateType);
    full = build.insert(getState(), full, 1, build.attr(0));
    full = build.insert(input, full, 1, build.size('w'));
  }

  bool silu = getActivation() == Activation::Silu;
  bool direct = !silu && inputType.isF32();
  Value sum = direct ? Value(getY()) : build.empty("blc", build.f32());
  sum = getBias() ? build.map({{getBias(), "c"}}, {sum, "blc"},
                              [](Scalars &s, ValueRange args) {
                                return s.widen(args[0]);
                              })
                  : build.fill(sum, 0);
  sum = build.contract("blck", "k", {full, "b[lk]c"}, {getWeight(), "ck"},
                       {sum, "blc"});
  Value y = sum;
  if (!direct)
    y = build.map({{sum, "blc"}}, {getY(), "blc"},
                  [&](Scalars &s, ValueRange args) {
                    Value value = silu ? s.silu(args[0]) : args[0];
                    return s.narrow(value, args[1].getType());
                  });
  if (noState)
    return SmallVector<Value>{y, getState()};
  Value last = build.slice(full, 1, build.size('l'), build.size('w'));
  Value state =
      linalg::CopyOp::create(builder, getLoc(), last, getState()).getResult(0);
  return SmallVector<Value>{y, state};
}
