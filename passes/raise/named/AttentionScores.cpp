// The fourth output of Attention, qk_matmul_output: the scores at one of four
// stages. hybrid.attention never has them all at once, so they are computed
// beside it, by generic code.
#include "passes/raise/lower/Scalars.h"
#include "passes/raise/named/Named.h"

#include <limits>

using namespace mlir;

namespace jarana::raise {
namespace {

/// exp(x - max) / sum over the last dimension; a row of nothing but -inf gives
/// zeros.
Tensor maskedSoftmax(TensorBuilder &build, Tensor scores) {
  Type f32 = build.b.getF32Type();
  Value lowest = build.scalar(f32, -std::numeric_limits<double>::infinity());
  Tensor top = build.reduce(scores, {-1}, true, lowest,
                            [](OpBuilder &b, Location loc, ValueRange v) {
                              return Scalars(b, loc).max(v[0], v[1]);
                            });
  Tensor powers = build.elementwise(
      {scores, top}, scores.shape, f32,
      [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        Value power = s.exp(s.sub(v[0], v[1]));
        return s.select(s.equal(v[1], lowest), s.number(f32, 0), power);
      });
  Tensor sum = build.reduce(powers, {-1}, true, build.scalar(f32, 0),
                            [](OpBuilder &b, Location loc, ValueRange v) {
                              return Scalars(b, loc).add(v[0], v[1]);
                            });
  return build.elementwise({powers, sum}, scores.shape, f32,
                           [&](OpBuilder &b, Location loc, ValueRange v) {
                             Scalars s(b, loc);
                             Value zero = s.number(f32, 0);
                             return s.select(s.equal(v[1], zero), zero,
                                             s.div(v[0], v[1]));
                           });
}

} // namespace

Tensor attentionScores(Lowering &lowering, Tensor query, Tensor key,
                       Tensor bias, double scale, double softcap,
                       int64_t mode) {
  TensorBuilder &build = lowering.build;
  Type f32 = build.b.getF32Type();
  // Loops: b, h, r, m, s, d.
  Shape loops = query.shape;
  loops.insert(loops.begin() + 4, key.shape[2]);
  Tensor products =
      build.contract({query, key}, {{0, 1, 2, 3, 5}, {0, 1, 4, 5}},
                     {0, 1, 2, 3, 4}, loops, f32);
  SmallVector<Tensor> inputs = {products};
  bool biased = bias && mode >= 2;
  if (biased)
    inputs.push_back(bias);
  Tensor scores =
      build.elementwise(inputs, products.shape, f32,
                        [&](OpBuilder &b, Location loc, ValueRange v) {
                          Scalars s(b, loc);
                          Value score = s.mul(v[0], s.number(f32, scale));
                          if (softcap != 0 && mode >= 1) {
                            Value cap = s.number(f32, softcap);
                            score = s.mul(cap, s.tanh(s.div(score, cap)));
                          }
                          return biased ? s.add(score, v[1]) : score;
                        });
  return mode == 3 ? maskedSoftmax(build, scores) : scores;
}

} // namespace jarana::raise
