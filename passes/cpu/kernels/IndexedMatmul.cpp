// hybrid.indexed_matmul: rows that chose the same matrix meet it together.
//
// Each thread takes a range of columns, in parts that stay in the cache. For
// each matrix it goes through the indices and collects the rows that chose it;
// as many as a block has registers for are multiplied at once, so several
// tokens read a matrix of an expert once, and nothing is sorted or copied. An
// index outside of the matrices is never collected.
//
// A matrix stored as [n, k] gives dot products along k, added up at their end;
// one stored as [k, n] gives vectors of columns.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace jarana::cpu {
namespace {

class IndexedMatmul {
  using Values = Emitter::Values;

public:
  IndexedMatmul(Emitter &e, hybrid::IndexedMatmulOp op)
      : e(e), lhs(op.getLhs()), weights(op.getWeights()),
        indices(op.getIndices()), y(op.getY()), rows(e.dim(lhs, 0)),
        k(e.dim(lhs, 1)), n(e.dim(y, 1)), transposed(op.getTransposed()),
        matrices(cast<MemRefType>(weights.getType()).getDimSize(0)),
        rowsAtOnce(e.target.chosenRows()) {}

  void emit() {
    // Threads share out whole vectors of columns.
    int64_t width = e.target.panelWidth();
    Value panels = e.div(e.add(n, width - 1), e.index(width));
    Value work = e.mul(rows, e.mul(k, n));
    e.parallel(panels, work, [&](Value first, Value last) {
      chosen = e.scratch({rowsAtOnce}, e.getIndexType());
      Value end = e.min(e.mul(last, width), n);
      int64_t columns = cachedColumns();
      e.loop(e.mul(first, width), end, columns, [&](Value begin) {
        Value until = e.min(end, e.add(begin, columns));
        e.loop(e.index(0), e.index(matrices), 1,
               [&](Value matrix) { emitMatrix({matrix, begin, until}); });
      });
    });
  }

private:
  /// Columns [begin, end) of a matrix.
  struct Part {
    Value matrix, begin, end;
  };

  /// A multiple of what one row is multiplied with at a time.
  int64_t cachedColumns() {
    auto type = cast<MemRefType>(weights.getType());
    int64_t depth = type.getDimSize(transposed ? 2 : 1),
            width = mostSums * e.target.lanes(),
            bytes = type.getElementTypeBitWidth() / 8;
    int64_t columns =
        ShapedType::isDynamic(depth) ? 0 : e.target.codeColumns(depth * bytes);
    return std::max<int64_t>(columns / width, 1) * width;
  }

  Value isChosen(Value row, Value matrix) {
    Value index = arith::IndexCastOp::create(
        e, e.getIndexType(),
        memref::LoadOp::create(e, indices, ValueRange{row}));
    auto equal = arith::CmpIPredicate::eq;
    return arith::OrIOp::create(
        e, e.compare(equal, index, matrix),
        e.compare(equal, e.add(index, matrices), matrix));
  }

  void emitMatrix(const Part &part) {
    Value collected = e.loop(
        e.index(0), rows, 1, e.index(0), [&](Value row, ValueRange carried) {
          return e.select(
              isChosen(row, part.matrix), e.getIndexType(),
              [&] { return collect(part, row, carried[0]); },
              [&] { return Values(carried); });
        })[0];
    // What did not fill a block, in smaller and smaller ones.
    Value done = e.index(0);
    for (int64_t count = rowsAtOnce / 2; count; count /= 2) {
      Value until = e.add(done, count);
      Value enough = e.compare(arith::CmpIPredicate::sle, until, collected);
      e.branch(enough, [&] { multiply(part, done, count); });
      done = arith::SelectOp::create(e, enough, until, done);
    }
  }

  /// Adds a row to the `count` ones that are waiting; gives how many wait then.
  Values collect(const Part &part, Value row, Value count) {
    memref::StoreOp::create(e, row, chosen, ValueRange{count});
    Value next = e.add(count, 1), full = e.equal(next, rowsAtOnce);
    e.branch(full, [&] { multiply(part, e.index(0), rowsAtOnce); });
    return {arith::SelectOp::create(e, full, e.index(0), next)};
  }

  /// The rows chosen[first, first + count) times the part of the matrix.
  void multiply(const Part &part, Value first, int64_t count) {
    Values block;
    for (int64_t r = 0; r < count; ++r)
      block.push_back(
          memref::LoadOp::create(e, chosen, ValueRange{e.add(first, r)}));
    // Few rows need more columns for as many independent sums.
    int64_t width = std::max<int64_t>(mostSums / count, 2);
    int64_t unit = transposed ? 1 : e.target.lanes();
    Value done = part.begin;
    for (; width; width /= 2) {
      int64_t step = width * unit;
      Value left = e.sub(part.end, done),
            until = e.add(done, e.mul(e.div(left, e.index(step)), step));
      e.loop(done, until, step, [&](Value column) {
        if (transposed)
          multiplyRows(part.matrix, block, column, width);
        else
          multiplyColumns(part.matrix, block, column, width, Lanes{unit});
      });
      done = until;
    }
    if (!transposed)
      e.branch(e.less(done, part.end), [&] {
        multiplyColumns(part.matrix, block, done, 1,
                        e.firstLanes(e.sub(part.end, done)));
      });
  }

  Values zeros(size_t count) { return Values(count, e.splat(0.0)); }

  /// A matrix stored as [n, k]: rows of it times rows of the left side.
  void multiplyRows(Value matrix, ValueRange block, Value column,
                    int64_t width) {
    Values sums =
        e.vectorLoop(e.index(0), k, zeros(block.size() * width),
                     [&](Value depth, Lanes lanes, ValueRange carried) {
                       Values left, next(carried);
                       for (Value row : block)
                         left.push_back(e.load(lhs, {row, depth}, lanes));
                       for (int64_t c = 0; c < width; ++c) {
                         Value right = e.load(
                             weights, {matrix, e.add(column, c), depth}, lanes);
                         for (size_t r = 0; r < block.size(); ++r) {
                           Value &sum = next[r * width + c];
                           sum = e.mulAdd(left[r], right, sum);
                         }
                       }
                       return next;
                     });
    for (auto [r, row] : llvm::enumerate(block))
      for (int64_t c = 0; c < width; ++c)
        e.storeScalar(e.sum(sums[r * width + c]), y, {row, e.add(column, c)});
  }

  /// A matrix stored as [k, n]: `width` vectors of columns from `column` on.
  void multiplyColumns(Value matrix, ValueRange block, Value column,
                       int64_t width, Lanes lanes) {
    Values sums = e.loop(
        e.index(0), k, 1, zeros(block.size() * width),
        [&](Value depth, ValueRange carried) {
          Values right, next(carried);
          Value ahead = e.add(depth, e.target.announcedRows());
          for (int64_t v = 0; v < width; ++v) {
            Value first = e.add(column, v * lanes.count);
            e.prefetch(weights, {matrix, ahead, first});
            right.push_back(e.load(weights, {matrix, depth, first}, lanes));
          }
          for (auto [r, row] : llvm::enumerate(block)) {
            Value left = e.splat(e.loadScalar(lhs, {row, depth}));
            for (int64_t v = 0; v < width; ++v) {
              Value &sum = next[r * width + v];
              sum = e.mulAdd(left, right[v], sum);
            }
          }
          return next;
        });
    for (auto [r, row] : llvm::enumerate(block))
      for (int64_t v = 0; v < width; ++v)
        e.store(sums[r * width + v], y, {row, e.add(column, v * lanes.count)},
                lanes);
  }

  Emitter &e;
  Value lhs, weights, indices, y, rows, k, n, chosen;
  /// Sums of one row at a time: enough to hide the latency of a multiply-add.
  static constexpr int64_t mostSums = 8;
  bool transposed;
  int64_t matrices, rowsAtOnce;
};
} // namespace

void emitIndexedMatmul(Emitter &e, hybrid::IndexedMatmulOp op) {
  IndexedMatmul(e, op).emit();
}

} // namespace jarana::cpu
