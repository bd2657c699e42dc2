// The chunked view of a scan: matrix products inside a chunk, a state between.
//
// With l_t = dt_t a_t, seg[i, j] = sum of l_k for j < k <= i, and S the state
// that enters the chunk (Dao and Gu 2024, "Transformers are SSMs", section 6):
//   y_i = sum_{j <= i} (c_i . b_j) exp(seg[i, j]) dt_j x_j + exp(l_0 + seg[i,
//   0]) S c_i S'  = exp(l_0 + seg[last, 0]) S + sum_j exp(seg[last, j]) dt_j
//   x_j (outer) b_j
// seg is summed up row by row and not as a difference of prefix sums, so that a
// decay of 0 (a logarithm of -inf) makes no NaN and nothing cancels.
#include "dialects/hybrid/decompose/Build.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"

#include <limits>

using namespace mlir;
using namespace mlir::hybrid;

static constexpr double kMinusInf = -std::numeric_limits<double>::infinity();

/// seg[b, g, r, i, j] of the logarithms of the decays log[b, i, g, r].
static Value segmentSums(Build &build, Value log) {
  build.bind('t', build.attr(1));
  Value row = build.filled("bgrtj", kMinusInf);
  Value seg = build.empty("bgrij", build.f32());
  auto loop = scf::ForOp::create(
      build.b, build.loc, build.index(0), build.index(build.size('i')),
      build.index(1), ValueRange{row, seg},
      [&](OpBuilder &inner, Location at, Value i, ValueRange carried) {
        OpFoldResult position = i;
        Value here = build.at(log, 1, position);
        Value number =
            arith::IndexCastOp::create(inner, at, inner.getI64Type(), i);
        Value next = build.generic(
            "bgrtj", "", {{here, "btgr"}}, {{carried[0], "bgrtj"}},
            [&](Scalars &s, ValueRange args) {
              Value j = s.index('j');
              Value before = arith::CmpIOp::create(
                  s.b, s.loc, arith::CmpIPredicate::slt, j, number);
              Value same = arith::CmpIOp::create(
                  s.b, s.loc, arith::CmpIPredicate::eq, j, number);
              Value first =
                  s.select(same, s.constant(0), s.constant(kMinusInf));
              return SmallVector<Value>{
                  s.select(before, s.add(args[1], args[0]), first)};
            })[0];
        scf::YieldOp::create(
            inner, at,
            ValueRange{next, build.insert(next, carried[1], 3, position)});
      });
  return loop.getResult(1);
}

namespace {
/// The operands of one chunk.
struct Chunk {
  Value x, dt, a, b, c, y, state;
};
} // namespace

/// The first operand times the step size, where there is one.
static Value timesStep(Scalars &s, ValueRange args) {
  Value value = s.widen(args[0]);
  return args.size() == 3 ? s.mul(s.widen(args[1]), value) : value;
}

static SmallVector<Value> scanChunk(Build &build, const Chunk &chunk,
                                    OpFoldResult last) {
  Type f32 = build.f32();
  std::string aDims =
      cast<RankedTensorType>(chunk.a.getType()).getRank() == 2 ? "gr" : "bigr";
  SmallVector<Use> logInputs{{chunk.a, aDims}};
  if (chunk.dt)
    logInputs.push_back({chunk.dt, "bigr"});
  Value log =
      build.map(logInputs, {build.empty("bigr", f32), "bigr"}, timesStep);
  Value seg = segmentSums(build, log);
  Value firstLog = build.at(log, 1, build.attr(0)); // b 1 g r
  Value toFirst = build.at(seg, 4, build.attr(0));  // b g r i 1
  Value toLast = build.at(seg, 3, last);            // b g r 1 j
  Value wholeChunk = build.at(toFirst, 3, last);    // b g r 1 1
  auto decayWithFirst = [](Scalars &s, ValueRange args) {
    return s.exp(s.add(args[0], args[1]));
  };
  Value decayIn = build.map({{firstLog, "b1gr"}, {toFirst, "bgri1"}},
                            {build.empty("bgri", f32), "bgri"}, decayWithFirst);
  Value decayAll = build.map({{firstLog, "b1gr"}, {wholeChunk, "bgr11"}},
                             {build.empty("bgr", f32), "bgr"}, decayWithFirst);

  // dt_j x_j, once for both sums.
  SmallVector<Use> xInputs{{chunk.x, "bjgrp"}};
  if (chunk.dt)
    xInputs.push_back({chunk.dt, "bjgr"});
  Value dx =
      build.map(xInputs, {build.empty("bjgrp", f32), "bjgrp"}, timesStep);
  Value score =
      build.contract("bgijn", "n", {chunk.c, "bign"}, {chunk.b, "bjgn"},
                     {build.filled("bgij", 0), "bgij"});
  Value weight = build.map(
      {{score, "bgij"}, {seg, "bgrij"}}, {build.empty("bgrij", f32), "bgrij"},
      [](Scalars &s, ValueRange args) {
        Value seen = arith::CmpIOp::create(
            s.b, s.loc, arith::CmpIPredicate::sle, s.index('j'), s.index('i'));
        return s.select(seen, s.mul(args[0], s.exp(args[1])), s.constant(0));
      });
  // What enters with the state, then what the chunk itself adds.
  Value entered =
      build.contract("bigrpn", "n", {chunk.c, "bign"}, {chunk.state, "bgrpn"},
                     {build.filled("bigrp", 0), "bigrp"});
  Value y = build.map(
      {{entered, "bigrp"}, {decayIn, "bgri"}},
      {build.empty("bigrp", f32), "bigrp"},
      [](Scalars &s, ValueRange args) { return s.mul(args[0], args[1]); });
  y = build.contract("bigrpj", "j", {weight, "bgrij"}, {dx, "bjgrp"},
                     {y, "bigrp"});
  y = build.store(y, chunk.y, "bigrp");

  Value rest = build.map({{dx, "bjgrp"}, {toLast, "bgr1j"}},
                         {build.empty("bjgrp", f32), "bjgrp"},
                         [](Scalars &s, ValueRange args) {
                           return s.mul(args[0], s.exp(args[1]));
                         });
  bool direct =
      cast<RankedTensorType>(chunk.state.getType()).getElementType().isF32();
  Value decayed =
      build.map({{chunk.state, "bgrpn"}, {decayAll, "bgr"}},
                {direct ? chunk.state : build.empty("bgrpn", f32), "bgrpn"},
                [](Scalars &s, ValueRange args) {
                  return s.mul(s.widen(args[0]), args[1]);
                });
  Value state = build.contract("bgrpnj", "j", {rest, "bjgrp"},
                               {chunk.b, "bjgn"}, {decayed, "bgrpn"});
  if (!direct)
    state = build.store(state, chunk.state, "bgrpn");
  return {y, state};
}

FailureOr<SmallVector<Value>>
hybrid::decomposeChunked(OpBuilder &builder, SsdScanOp op, int64_t chunk) {
  if (!op.hasPureTensorSemantics() || chunk <= 0)
    return failure();
  Location loc = op.getLoc();
  Build build(builder, loc);
  build.bind(op.getState(), "bgrpn");
  build.bind(op.getX(), "blgrp");
  std::optional<int64_t> length = getConstantIntValue(build.size('l'));
  bool decayPerPosition =
      cast<RankedTensorType>(op.getA().getType()).getRank() == 4;
  auto loop = scf::ForOp::create(
      builder, loc, build.index(0), build.index(build.size('l')),
      build.index(chunk), ValueRange{op.getY(), op.getState()},
      [&](OpBuilder &inner, Location at, Value base, ValueRange carried) {
        // The last chunk may be shorter.
        AffineExpr d0, d1;
        bindDims(inner.getContext(), d0, d1);
        OpFoldResult size = inner.getIndexAttr(chunk), offset = base;
        if (!length || *length % chunk != 0)
          size = affine::makeComposedFoldedAffineMin(
              inner, at,
              AffineMap::get(2, 0,
                             {d1 - d0, inner.getAffineConstantExpr(chunk)},
                             inner.getContext()),
              {offset, build.size('l')});
        OpFoldResult last =
            affine::makeComposedFoldedAffineApply(inner, at, d0 - 1, {size});
        build.bind('i', size);
        build.bind('j', size);
        auto part = [&](Value value) {
          return value ? build.slice(value, 1, offset, size) : Value();
        };
        Chunk operands{part(op.getX()),
                       part(op.getDt()),
                       decayPerPosition ? part(op.getA()) : Value(op.getA()),
                       part(op.getB()),
                       part(op.getC()),
                       part(carried[0]),
                       carried[1]};
        SmallVector<Value> results = scanChunk(build, operands, last);
        scf::YieldOp::create(
            inner, at,
            ValueRange{build.insert(results[0], carried[0], 1, offset),
                       results[1]});
      });
  return llvm::to_vector_of<Value>(loop.getResults());
}
