// hybrid.ssd_scan and hybrid.state_update.
//
// Long sequences: the lanes of a vector are rows p of the state, so that
// y = S c needs no sum across lanes, and a block of columns n of the state
// stays in registers over a block of positions. One position or few: the lanes
// are columns n, as the state lies in memory.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace jarana::cpu {
namespace {

class Scan {
  using Values = Emitter::Values;

public:
  Scan(Emitter &e, hybrid::SsdScanOp op)
      : e(e), x(op.getX()), dt(op.getDt()), a(op.getA()), b(op.getB()),
        c(op.getC()), y(op.getY()), state(op.getState()), length(e.dim(x, 1)) {
    findSizes();
  }
  Scan(Emitter &e, hybrid::StateUpdateOp op)
      : e(e), x(op.getX()), dt(op.getDt()), a(op.getA()), b(op.getB()),
        c(op.getC()), y(op.getY()), state(op.getState()) {
    findSizes();
  }

  void emit() {
    // Three operations per element of the state and position.
    Value work =
        e.mul(e.mul(heads, e.mul(e.mul(p, n), length ? length : one)), 3);
    int64_t columns = cast<MemRefType>(state.getType()).getDimSize(4);
    auto byRows = [&] {
      e.parallel(heads, work, [&](Value first, Value last) {
        e.loop(first, last, 1, [&](Value item) { emitRows(item); });
      });
    };
    // The columns of a block need known numbers; short sequences do not pay for
    // turning the state around.
    if (!length || ShapedType::isDynamic(columns))
      return byRows();
    constexpr int64_t shortSequence = 64;
    e.branch(e.less(length, e.index(shortSequence)), byRows, [&] {
      Value tiles = e.div(e.add(p, lanes - 1), e.index(lanes));
      e.parallel(e.mul(heads, tiles), work, [&](Value first, Value last) {
        emitTiles(first, last, tiles, columns);
      });
    });
  }

private:
  void findSizes() {
    Values sizes = e.dims(state);
    batch = sizes[0], g = sizes[1], r = sizes[2], p = sizes[3], n = sizes[4];
    heads = e.mul(batch, e.mul(g, r));
    one = e.index(1);
    lanes = e.target.lanes();
  }

  /// One head of one sequence.
  struct Head {
    Value batch, g, r;
  };
  Head findHead(Value item) {
    Values i = e.delinearize(item, {batch, g, r});
    return {i[0], i[1], i[2]};
  }

  // Indices; `t` is null in an op without a sequence.
  Values ofHead(const Head &h, Value t) {
    if (!t)
      return {h.batch, h.g, h.r};
    return {h.batch, t, h.g, h.r};
  }
  Values ofHead(const Head &h, Value t, Value row) {
    Values result = ofHead(h, t);
    result.push_back(row);
    return result;
  }
  Values ofGroup(const Head &h, Value t, Value column) {
    if (!t)
      return {h.batch, h.g, column};
    return {h.batch, t, h.g, column};
  }

  Value loadStep(const Head &h, Value t) {
    return dt ? e.loadScalar(dt, ofHead(h, t)) : e.real(1);
  }
  /// dt * a, the logarithm of the decay.
  Value loadLogDecay(const Head &h, Value t) {
    bool perPosition = cast<MemRefType>(a.getType()).getRank() > 2;
    Value rate = e.loadScalar(a, perPosition ? ofHead(h, t) : Values{h.g, h.r});
    return dt ? e.fmul(loadStep(h, t), rate) : rate;
  }

  /// All positions of a head, row by row of the state.
  void emitRows(Value item) {
    Head h = findHead(item);
    auto position = [&](Value t) {
      Value decay = e.splat(e.exp(loadLogDecay(h, t)));
      Value step = loadStep(h, t);
      e.loop(e.index(0), p, 1, [&](Value row) {
        Value input = e.splat(e.fmul(step, e.loadScalar(x, ofHead(h, t, row))));
        Values sum = e.vectorLoop(
            e.index(0), n, Values{e.splat(0.0)},
            [&](Value column, Lanes some, ValueRange carried) -> Values {
              Values at{h.batch, h.g, h.r, row, column};
              Value in = e.load(b, ofGroup(h, t, column), some);
              Value out = e.load(c, ofGroup(h, t, column), some);
              Value s = e.fmul(decay, e.load(state, at, some));
              s = e.mulAdd(input, in, s);
              e.store(s, state, at, some);
              // An infinite decay or input makes NaN in lanes that are not
              // there.
              return {e.mulAdd(e.keep(s, some), out, carried[0])};
            });
        e.storeScalar(e.sum(sum[0]), y, ofHead(h, t, row));
      });
    };
    if (length)
      e.loop(e.index(0), length, 1, position);
    else
      position({});
  }

  // Tiles of `lanes` rows of the state.

  struct Tile {
    Head head;
    Value row;    ///< the first
    Lanes lanes;  ///< those that are rows of the state
    Value turned; ///< [n, lanes]: the tile, turned around
    Value decays; ///< [positions]: exp(dt * a)
    Value inputs; ///< [positions, lanes]: dt * x
    Value sums;   ///< [positions, lanes]: parts of y
  };

  /// Positions between two passes over a tile of the state.
  static constexpr int64_t positions = 128;

  void emitTiles(Value first, Value last, Value tiles, int64_t columns) {
    Value turned = e.scratch({columns, lanes});
    Value decays = e.scratch({positions});
    Value inputs = e.scratch({positions, lanes});
    Value sums = e.scratch({positions, lanes});
    e.loop(first, last, 1, [&](Value item) {
      Head h = findHead(e.div(item, tiles));
      Value row = e.mul(e.rem(item, tiles), lanes);
      Value rows = e.min(e.index(lanes), e.sub(p, row));
      Tile tile{h, row, {lanes}, turned, decays, inputs, sums};
      int64_t known = cast<MemRefType>(state.getType()).getDimSize(3);
      if (ShapedType::isDynamic(known) || known % lanes)
        tile.lanes = e.firstLanes(rows);
      turn(tile, rows, columns, /*back=*/false);
      e.loop(e.index(0), length, positions, [&](Value begin) {
        Value count = e.min(e.index(positions), e.sub(length, begin));
        prepare(tile, begin, count);
        // Half of the registers hold the state.
        int64_t block = e.target.registers / 2;
        for (int64_t column = 0; column < columns; column += block)
          emitBlock(tile, begin, count, column,
                    std::min(block, columns - column),
                    column + block >= columns);
      });
      turn(tile, rows, columns, /*back=*/true);
    });
  }

  /// Copies the tile between the state and its turned form. Lanes without a row
  /// are filled with a row that is there, as any finite or infinite value does.
  void turn(const Tile &tile, Value rows, int64_t columns, bool back) {
    const Head &h = tile.head;
    auto copy = [&](Value lane, Value row) {
      e.loop(e.index(0), e.index(columns), 1, [&](Value column) {
        Values at{h.batch, h.g, h.r, row, column}, there{column, lane};
        if (back)
          e.storeScalar(e.loadScalar(tile.turned, there), state, at);
        else
          e.storeScalar(e.loadScalar(state, at), tile.turned, there);
      });
    };
    e.loop(e.index(0), back ? rows : e.index(lanes), 1, [&](Value lane) {
      Value used = e.min(lane, e.sub(rows, one));
      copy(lane, e.add(tile.row, used));
    });
  }

  /// What all columns of the tile need of positions [begin, begin + count). The
  /// rows of x and y are far apart in memory: here, x is read once, and what y
  /// is written to is announced.
  void prepare(const Tile &tile, Value begin, Value count) {
    const Head &h = tile.head;
    e.loop(e.index(0), count, 1, [&](Value i) {
      Value t = e.add(begin, i);
      e.storeScalar(loadLogDecay(h, t), tile.decays, {i});
      Value input = e.load(x, ofHead(h, t, tile.row), tile.lanes);
      if (dt)
        input = e.fmul(e.splat(loadStep(h, t)), input);
      e.store(input, tile.inputs, {i, e.index(0)});
      e.prefetch(y, ofHead(h, t, tile.row));
    });
    e.vectorLoop(e.index(0), count, [&](Value i, Lanes some) {
      e.store(e.exp(e.load(tile.decays, {i}, some)), tile.decays, {i}, some);
    });
  }

  /// Positions [begin, begin + count) of `size` columns of the state.
  void emitBlock(const Tile &tile, Value begin, Value count, int64_t column,
                 int64_t size, bool isLast) {
    const Head &h = tile.head;
    Values block;
    for (int64_t j = 0; j < size; ++j)
      block.push_back(e.load(tile.turned, {e.index(column + j), e.index(0)}));
    block = e.loop(e.index(0), count, 1, block, [&](Value i, ValueRange old) {
      Value t = e.add(begin, i);
      Value decay = e.splat(e.loadScalar(tile.decays, {i}));
      Value input = e.load(tile.inputs, {i, e.index(0)});
      // Several sums, as one would wait for itself.
      Values sums(std::min<int64_t>(size, 4));
      Values next;
      for (int64_t j = 0; j < size; ++j) {
        Value at = e.index(column + j);
        Value in = e.splat(e.loadScalar(b, ofGroup(h, t, at)));
        Value out = e.splat(e.loadScalar(c, ofGroup(h, t, at)));
        Value s = e.mulAdd(input, in, e.fmul(decay, old[j]));
        next.push_back(s);
        Value &sum = sums[j % sums.size()];
        sum = sum ? e.mulAdd(s, out, sum) : e.fmul(s, out);
      }
      for (size_t j = 1; j < sums.size(); ++j)
        sums[0] = e.fadd(sums[0], sums[j]);
      if (column > 0)
        sums[0] = e.fadd(sums[0], e.load(tile.sums, {i, e.index(0)}));
      if (isLast)
        e.store(sums[0], y, ofHead(h, t, tile.row), tile.lanes);
      else
        e.store(sums[0], tile.sums, {i, e.index(0)});
      return next;
    });
    for (int64_t j = 0; j < size; ++j)
      e.store(block[j], tile.turned, {e.index(column + j), e.index(0)});
  }

  Emitter &e;
  Value x, dt, a, b, c, y, state;
  Value length; ///< null: an op without a sequence
  Value batch, g, r, p, n, heads, one;
  int64_t lanes;
};
} // namespace

void emitSsdScan(Emitter &e, hybrid::SsdScanOp op) { Scan(e, op).emit(); }
void emitStateUpdate(Emitter &e, hybrid::StateUpdateOp op) {
  Scan(e, op).emit();
}

} // namespace jarana::cpu
