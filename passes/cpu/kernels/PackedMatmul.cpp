// hybrid.packed_matmul: blocks of products that stay in registers.
//
// Each thread takes a range of panels. With several rows, a block of the left
// side (copiedRows x blockDepth) is copied so that its rows have a stride that
// is known and does not collide in the cache; then each slice of a panel meets
// all of these rows while it stays near. With one row, the panels are a stream
// that is read once.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace jarana::cpu {
namespace {

class PackedMatmul {
  using Values = Emitter::Values;

public:
  PackedMatmul(Emitter &e, hybrid::PackedMatmulOp op)
      : e(e), lhs(op.getLhs()), panels(op.getPanels()), y(op.getY()),
        m(e.dim(lhs, 0)), k(e.dim(panels, 1)), n(e.dim(y, 1)),
        panelWidth(cast<MemRefType>(panels.getType()).getDimSize(2)) {
    // A panel narrower or wider than the target likes still works: it is
    // taken in vectors, the last of which may be cut.
    lanes = std::min(panelWidth, e.target.lanes());
    while (panelWidth % lanes)
      --lanes;
    vectors = panelWidth / lanes;
    blockRows = e.target.blockRows(vectors);
  }

  void emit() {
    Value work = e.mul(m, e.mul(k, n));
    e.parallel(e.dim(panels, 0), work, [&](Value first, Value last) {
      e.branch(
          e.equal(m, 1), [&] { emitRow(first, last); },
          [&] { emitBlocks(first, last); });
    });
  }

private:
  VectorType vectorType() { return e.vectorType(lanes); }
  Value zero() {
    return arith::ConstantOp::create(e, vectorType(),
                                     e.getZeroAttr(vectorType()));
  }
  Value splat(Value scalar) {
    return vector::BroadcastOp::create(e, vectorType(), scalar);
  }
  Value loadPanel(Value panel, Value depth, int64_t vector) {
    return e.load(panels, {panel, depth, e.index(vector * lanes)},
                  Lanes{lanes});
  }

  /// One row: y[0, :] of panels [first, last).
  void emitRow(Value first, Value last) {
    // Enough independent sums to hide the latency of a multiply-add.
    int64_t unroll = std::max<int64_t>(1, 8 / vectors);
    Value depthEnd = e.mul(e.div(k, e.index(unroll)), unroll);
    e.loop(first, last, 1, [&](Value panel) {
      Values sums(unroll * vectors, zero());
      sums = e.loop(e.index(0), depthEnd, unroll, sums,
                    [&](Value depth, ValueRange carried) {
                      Values next(carried);
                      for (int64_t u = 0; u < unroll; ++u)
                        multiplyRow(
                            panel, e.add(depth, u),
                            MutableArrayRef(next).slice(u * vectors, vectors));
                      return next;
                    });
      for (int64_t u = 1; u < unroll; ++u)
        for (int64_t v = 0; v < vectors; ++v)
          sums[v] = e.fadd(sums[v], sums[u * vectors + v]);
      sums.resize(vectors);
      sums = e.loop(depthEnd, k, 1, sums, [&](Value depth, ValueRange carried) {
        Values next(carried);
        multiplyRow(panel, depth, next);
        return next;
      });
      storeRows(panel, e.index(0), sums, /*accumulate=*/{});
    });
  }

  void multiplyRow(Value panel, Value depth, MutableArrayRef<Value> sums) {
    Value left = splat(e.loadScalar(lhs, {e.index(0), depth}));
    for (int64_t v = 0; v < vectors; ++v)
      sums[v] = e.mulAdd(left, loadPanel(panel, depth, v), sums[v]);
  }

  void emitBlocks(Value first, Value last) {
    int64_t depth = e.target.blockDepth();
    int64_t rows =
        std::max<int64_t>(e.target.copiedRows() / blockRows, 1) * blockRows;
    // The padding keeps the rows' addresses apart modulo the page size.
    Value copy = e.scratch({rows, depth + e.target.lanes()});
    e.loop(e.index(0), m, rows, [&](Value rowBegin) {
      Value rowEnd = e.min(m, e.add(rowBegin, rows));
      e.loop(e.index(0), k, depth, [&](Value depthBegin) {
        Value size = e.min(e.index(depth), e.sub(k, depthBegin));
        e.loop(rowBegin, rowEnd, 1, [&](Value row) {
          Value target = e.sub(row, rowBegin);
          e.vectorLoop(e.index(0), size, [&](Value i, Lanes lanes) {
            Value v = e.load(lhs, {row, e.add(depthBegin, i)}, lanes);
            e.store(v, copy, {target, i}, lanes);
          });
        });
        e.loop(first, last, 1, [&](Value panel) {
          e.loop(rowBegin, rowEnd, blockRows, [&](Value row) {
            emitBlock({copy, rowBegin, rowEnd, row, panel, depthBegin, size});
          });
        });
      });
    });
  }

  /// Rows [row, row + blockRows), as far as there are any, times `size` rows of
  /// a panel from `depthBegin` on. `copy` holds rows [rowBegin, rowEnd).
  struct Block {
    Value copy, rowBegin, rowEnd, row, panel, depthBegin, size;
  };

  /// Dispatches on how many rows are left.
  void emitBlock(const Block &block) {
    SmallVector<int64_t> cases;
    for (int64_t rows = 1; rows < blockRows; ++rows)
      cases.push_back(rows);
    auto dispatch = scf::IndexSwitchOp::create(
        e, TypeRange(), e.sub(block.rowEnd, block.row), cases, cases.size());
    auto fill = [&](Region &region, int64_t rows) {
      OpBuilder::InsertionGuard guard(e);
      e.createBlock(&region);
      multiplyBlock(block, rows);
      scf::YieldOp::create(e);
    };
    for (auto [rows, region] :
         llvm::zip_equal(cases, dispatch.getCaseRegions()))
      fill(region, rows);
    fill(dispatch.getDefaultRegion(), blockRows);
  }

  void multiplyBlock(const Block &block, int64_t rows) {
    constexpr int64_t unroll = 4;
    Value base = e.sub(block.row, block.rowBegin);
    auto step = [&](Value depth, MutableArrayRef<Value> sums) {
      Values right;
      for (int64_t v = 0; v < vectors; ++v)
        right.push_back(
            loadPanel(block.panel, e.add(block.depthBegin, depth), v));
      for (int64_t r = 0; r < rows; ++r) {
        Value left = splat(e.loadScalar(block.copy, {e.add(base, r), depth}));
        for (int64_t v = 0; v < vectors; ++v)
          sums[r * vectors + v] =
              e.mulAdd(left, right[v], sums[r * vectors + v]);
      }
    };
    announceResult(block, rows);
    auto share = shareOfNextPanel(block);
    Value whole = e.mul(e.div(block.size, e.index(unroll)), unroll);
    Values sums =
        e.loop(e.index(0), whole, unroll, Values(rows * vectors, zero()),
               [&](Value depth, ValueRange carried) {
                 Values next(carried);
                 announceNextPanel(block, share, depth);
                 for (int64_t u = 0; u < unroll; ++u)
                   step(e.add(depth, u), next);
                 return next;
               });
    if (!isDepthMultipleOf(unroll))
      sums = e.loop(whole, block.size, 1, sums,
                    [&](Value depth, ValueRange carried) {
                      Values next(carried);
                      step(depth, next);
                      return next;
                    });
    storeRows(block.panel, block.row, sums, block.depthBegin);
  }

  /// The lines of y that the block will write are on their way while it is
  /// computed.
  void announceResult(const Block &block, int64_t rows) {
    Value column = e.mul(block.panel, panelWidth);
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        e.prefetch(y, {e.add(block.row, r), e.add(column, v * lanes)});
  }

  // The blocks that meet a slice of a panel share the work of announcing the
  // next panel's: the first finds it in the cache.

  /// Where this block's share begins, and how many rows of the next panel are
  /// announced per row of this one, times 256.
  std::pair<Value, Value> shareOfNextPanel(const Block &block) {
    Value rows = e.sub(block.rowEnd, block.rowBegin);
    Value before = e.mul(block.size, e.sub(block.row, block.rowBegin));
    Value rate = e.div(e.index(256 * blockRows), rows);
    return {e.add(block.depthBegin, e.div(before, rows)),
            e.min(e.index(256), rate)};
  }

  void announceNextPanel(const Block &block, std::pair<Value, Value> share,
                         Value depth) {
    Value row =
        e.add(share.first, e.div(e.mul(depth, share.second), e.index(256)));
    for (int64_t v = 0; v < vectors; ++v)
      e.prefetch(panels, {e.add(block.panel, 1), row, e.index(v * lanes)});
  }

  bool isDepthMultipleOf(int64_t unroll) {
    int64_t depth = cast<MemRefType>(panels.getType()).getDimSize(1);
    return !ShapedType::isDynamic(depth) && depth % unroll == 0 &&
           e.target.blockDepth() % unroll == 0;
  }

  /// Writes sums[r * vectors + v] to row + r; adds to what is there where
  /// `depthBegin` (may be null) is not 0.
  void storeRows(Value panel, Value row, ValueRange sums, Value depthBegin) {
    int64_t rows = sums.size() / vectors;
    Value column = e.mul(panel, panelWidth);
    // f(r, v, column of the vector, lanes) for each vector that has columns.
    auto forEach = [&](bool whole, auto f) {
      for (int64_t v = 0; v < vectors; ++v) {
        Value begin = e.add(column, v * lanes);
        Lanes some{lanes};
        if (!whole) {
          Value count = e.max(e.index(0), e.sub(n, begin));
          some.mask = vector::CreateMaskOp::create(
              e, VectorType::get(lanes, e.getI1Type()), count);
        }
        for (int64_t r = 0; r < rows; ++r)
          f(sums[r * vectors + v], e.add(row, r), begin, some);
      }
    };
    auto storeAll = [&](bool whole, bool accumulate) {
      forEach(whole, [&](Value sum, Value row, Value column, Lanes some) {
        if (accumulate)
          sum = e.fadd(e.load(y, {row, column}, some), sum);
        e.store(sum, y, {row, column}, some);
      });
    };
    auto storeAdding = [&](bool whole) {
      int64_t depth = cast<MemRefType>(panels.getType()).getDimSize(1);
      bool oneBlock = !depthBegin || (!ShapedType::isDynamic(depth) &&
                                      depth <= e.target.blockDepth());
      if (oneBlock)
        return storeAll(whole, false);
      e.branch(
          e.equal(depthBegin, 0), [&] { storeAll(whole, false); },
          [&] { storeAll(whole, true); });
    };
    int64_t columns = cast<MemRefType>(y.getType()).getDimSize(1);
    if (!ShapedType::isDynamic(columns) && columns % panelWidth == 0)
      return storeAdding(true);
    Value isWhole =
        e.compare(arith::CmpIPredicate::sle, e.add(column, panelWidth), n);
    e.branch(isWhole, [&] { storeAdding(true); }, [&] { storeAdding(false); });
  }

  Emitter &e;
  Value lhs, panels, y, m, k, n;
  int64_t panelWidth, lanes, vectors, blockRows;
};
} // namespace

void emitPackedMatmul(Emitter &e, hybrid::PackedMatmulOp op) {
  PackedMatmul(e, op).emit();
}

} // namespace jarana::cpu
