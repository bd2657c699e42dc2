// hybrid.attention: a few query rows that share their keys go through the keys
// block by block with a running maximum and sum (Milakov and Gimelshein 2018,
// "Online normalizer calculation for softmax"). Keys that no row of the few may
// see are not visited.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;

namespace jarana::cpu {
namespace {

constexpr double minusInfinity = -std::numeric_limits<double>::infinity();

class Attention {
  using Values = Emitter::Values;

public:
  Attention(Emitter &e, hybrid::AttentionOp op)
      : e(e), op(op), query(op.getQuery()), key(op.getKey()),
        value(op.getValue()), bias(op.getBias()), y(op.getY()),
        window(static_cast<int64_t>(op.getWindow())), sizes(e.dims(query)),
        keys(e.dim(key, 2)), width(e.dim(value, 3)) {}

  void emit() {
    Value rows = e.mul(sizes[2], sizes[3]); // those that share their keys
    e.branch(
        e.equal(rows, 1), [&] { emitRows(rows, 1); },
        [&] { emitRows(rows, 4); });
  }

private:
  /// One of the query rows that are computed together.
  struct Row {
    Value r, m;
    Value first;   ///< the first key that it sees; null: 0
    Value visible; ///< the keys from this one on are hidden
  };

  /// `rows` query rows per key head, `together` of them at a time.
  void emitRows(Value rows, int64_t together) {
    Value blocks = e.div(e.add(rows, together - 1), e.index(together));
    Value heads = e.mul(sizes[0], sizes[1]);
    Value seen = window > 0 ? e.min(keys, e.index(window)) : keys;
    Value work = e.mul(e.mul(heads, rows), e.mul(seen, e.add(sizes[4], width)));
    e.parallel(e.mul(heads, blocks), work, [&](Value first, Value last) {
      int64_t columns = cast<MemRefType>(value.getType()).getDimSize(3);
      scores = e.scratch({together, keyBlock});
      sums = e.scratch({together, columns});
      e.loop(first, last, 1, [&](Value item) {
        Values at = e.delinearize(item, {sizes[0], sizes[1], blocks});
        emitItem(at[0], at[1], e.mul(at[2], together), rows, together);
      });
    });
  }

  void emitItem(Value b, Value h, Value firstRow, Value rows,
                int64_t together) {
    SmallVector<Row> block;
    Value offset = e.index(0), unseen = e.index(0), seen = e.index(0);
    if (op.getQueryOffset())
      offset = loadPosition(e, op.getQueryOffset(), b);
    bool causal = op.getMask() == hybrid::AttentionMask::Causal;
    for (int64_t i = 0; i < together; ++i) {
      // Beyond the last row, it is computed again.
      Value row = e.min(e.add(firstRow, i), e.sub(rows, e.index(1)));
      Values at = e.delinearize(row, {sizes[2], sizes[3]});
      Value first, visible = keys;
      if (causal) {
        Value end = e.add(e.add(at[1], offset), 1);
        visible = e.max(e.index(0), e.min(keys, end));
        if (window > 0)
          first = e.max(e.index(0), e.sub(end, e.index(window)));
      }
      block.push_back({at[0], at[1], first, visible});
      seen = i ? e.max(seen, visible) : visible;
      if (first)
        unseen = i ? e.min(unseen, first) : first;
    }
    e.vectorLoop(e.index(0), width, [&](Value column, Lanes some) {
      for (int64_t i = 0; i < together; ++i)
        e.store(e.splat(0.0), sums, {e.index(i), column}, some);
    });
    // The maxima, then the sums.
    Values running(2 * together, e.real(0));
    std::fill_n(running.begin(), together, e.real(minusInfinity));
    if (op.getSink())
      for (int64_t i = 0; i < together; ++i)
        startAtSink(h, block[i], running[i], running[together + i]);
    running = e.loop(
        unseen, seen, keyBlock, running, [&](Value begin, ValueRange old) {
          Value count = e.min(e.index(keyBlock), e.sub(seen, begin));
          emitScores(b, h, block, begin, count);
          Values next(2 * together), corrections;
          for (int64_t i = 0; i < together; ++i)
            corrections.push_back(emitSoftmax(b, h, block[i], i, begin, count,
                                              old[i], old[together + i],
                                              next[i], next[together + i]));
          addValues(b, h, begin, count, corrections);
          return next;
        });
    for (int64_t i = 0; i < together; ++i)
      storeResult(b, h, block[i], i, running[together + i]);
  }

  /// The head's sink is a score that was seen before all keys.
  void startAtSink(Value h, const Row &row, Value &maximum, Value &sum) {
    maximum = e.loadScalar(op.getSink(), {h, row.r});
    Value isNone = arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, maximum,
                                         e.real(minusInfinity));
    sum = arith::SelectOp::create(e, isNone, e.real(0), e.real(1));
  }

  /// scores[i, s] = query row i . key begin + s.
  void emitScores(Value b, Value h, ArrayRef<Row> block, Value begin,
                  Value count) {
    e.loop(e.index(0), count, 1, [&](Value s) {
      Values dots = e.vectorLoop(
          e.index(0), sizes[4], Values(block.size(), e.splat(0.0)),
          [&](Value column, Lanes some, ValueRange carried) {
            Value k = e.load(key, {b, h, e.add(begin, s), column}, some);
            Values next;
            for (auto [row, sum] : llvm::zip_equal(block, carried))
              next.push_back(e.mulAdd(
                  k, e.load(query, {b, h, row.r, row.m, column}, some), sum));
            return next;
          });
      for (auto [i, dot] : llvm::enumerate(dots))
        e.storeScalar(e.sum(dot), scores, {e.index(i), s});
    });
  }

  /// Makes the scores of row i exp(score - maximum). Gives the factor for what
  /// was summed before.
  Value emitSoftmax(Value b, Value h, const Row &row, int64_t number,
                    Value begin, Value count, Value oldMaximum, Value oldSum,
                    Value &maximum, Value &sum) {
    Value i = e.index(number);
    Value none = e.splat(minusInfinity);
    Values most =
        e.vectorLoop(e.index(0), count, Values{none},
                     [&](Value s, Lanes some, ValueRange carried) -> Values {
                       Value score =
                           finishScore(b, h, row, e.load(scores, {i, s}, some),
                                       e.add(begin, s), some);
                       e.store(score, scores, {i, s}, some);
                       return {e.fmax(carried[0], score)};
                     });
    maximum = e.fmax(oldMaximum, e.maximum(most[0]));
    // Where nothing was seen yet, 0 instead of -inf makes exp(-inf) = 0.
    Value isNone = arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, maximum,
                                         e.real(minusInfinity));
    Value reference = arith::SelectOp::create(e, isNone, e.real(0), maximum);
    Value subtrahend = e.splat(reference);
    Values total =
        e.vectorLoop(e.index(0), count, Values{e.splat(0.0)},
                     [&](Value s, Lanes some, ValueRange carried) -> Values {
                       Value weight = e.exp(
                           e.fsub(e.load(scores, {i, s}, some), subtrahend));
                       weight = e.keep(weight, some);
                       e.store(weight, scores, {i, s}, some);
                       return {e.fadd(carried[0], weight)};
                     });
    Value correction = e.exp(e.fsub(oldMaximum, reference));
    sum = e.mulAdd(oldSum, correction, e.sum(total[0]));
    return correction;
  }

  /// Scale, softcap, bias and mask, for the lanes of keys from `s` on.
  Value finishScore(Value b, Value h, const Row &row, Value score, Value s,
                    Lanes some) {
    score = e.fmul(score, e.splat(op.getScale().convertToDouble()));
    double cap = op.getSoftcap().convertToDouble();
    if (cap != 0) {
      Value limit = e.splat(cap);
      score = e.fmul(limit, math::TanhOp::create(e, e.fdiv(score, limit)));
    }
    if (bias) {
      Values at{b, h, row.r, row.m};
      for (int64_t d = 0; d < 4; ++d)
        at[d] = broadcastIndex(e, bias, d, at[d]);
      at.push_back(s);
      score = e.fadd(score, e.load(bias, at, some));
    }
    Value hidden = e.splat(minusInfinity);
    Value visible = e.firstLanes(e.max(e.index(0), e.sub(row.visible, s))).mask;
    score = arith::SelectOp::create(e, visible, score, hidden);
    if (!row.first)
      return score;
    Value early = e.firstLanes(e.max(e.index(0), e.sub(row.first, s))).mask;
    return arith::SelectOp::create(e, early, hidden, score);
  }

  /// sums[i, :] = sums[i, :] * correction + scores[i, s] value[s, :].
  void addValues(Value b, Value h, Value begin, Value count,
                 ValueRange corrections) {
    Values factors;
    for (Value correction : corrections)
      factors.push_back(e.splat(correction));
    e.vectorLoop(e.index(0), width, [&](Value column, Lanes some) {
      Values acc;
      for (auto [i, factor] : llvm::enumerate(factors))
        acc.push_back(e.fmul(factor, e.load(sums, {e.index(i), column}, some)));
      acc = e.loop(e.index(0), count, 1, acc, [&](Value s, ValueRange old) {
        Value v = e.load(value, {b, h, e.add(begin, s), column}, some);
        Values next;
        for (auto [i, sum] : llvm::enumerate(old))
          next.push_back(
              e.mulAdd(e.splat(e.loadScalar(scores, {e.index(i), s})), v, sum));
        return next;
      });
      for (auto [i, sum] : llvm::enumerate(acc))
        e.store(sum, sums, {e.index(i), column}, some);
    });
  }

  void storeResult(Value b, Value h, const Row &row, int64_t number,
                   Value sum) {
    Value isNone =
        arith::CmpFOp::create(e, arith::CmpFPredicate::OEQ, sum, e.real(0));
    Value inverse =
        arith::SelectOp::create(e, isNone, e.real(0), e.fdiv(e.real(1), sum));
    Value factor = e.splat(inverse);
    e.vectorLoop(e.index(0), width, [&](Value column, Lanes some) {
      Value v = e.fmul(factor, e.load(sums, {e.index(number), column}, some));
      e.store(v, y, {b, h, row.r, row.m, column}, some);
    });
  }

  /// Keys between two corrections of the sums.
  static constexpr int64_t keyBlock = 64;

  Emitter &e;
  hybrid::AttentionOp op;
  Value query, key, value, bias, y;
  int64_t window; ///< keys that a query sees at most; 0: all
  Values sizes;   ///< b, h, r, m, d
  Value keys, width;
  Value scores; ///< [rows together, keyBlock], on the stack
  Value sums;   ///< [rows together, e], on the stack
};
} // namespace

void emitAttention(Emitter &e, hybrid::AttentionOp op) {
  Attention(e, op).emit();
}

} // namespace jarana::cpu
