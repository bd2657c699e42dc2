// hybrid.packed_matmul: blocks of products that stay in registers.
//
// Each thread takes a range of panels. With several rows, a block of the left
// side (copiedRows x blockDepth) is copied so that its rows have a stride that
// is known and does not collide in the cache; then each slice of a panel meets
// all of these rows while it stays near. With one row, the panels are a stream
// that is read once.
//
// Where the target multiplies pairs of bf16 faster than f32 (dotBf16), several
// rows of bf16 are copied as pairs of neighbours, and two rows of a panel are
// interleaved in registers to meet them. The products are exact as they are in
// f32; subnormal numbers count as zero.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
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
    auto isBf16 = [](Value side) {
      return cast<MemRefType>(side.getType()).getElementType().isBF16();
    };
    pairs = e.target.dotBf16 && lanes == 16 && isBf16(lhs) && isBf16(panels);
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
    int64_t padding = e.target.lanes();
    Value copy = pairs ? e.scratch({rows, depth / 2 + padding}, e.getI32Type())
                       : e.scratch({rows, depth + padding});
    e.loop(e.index(0), m, rows, [&](Value rowBegin) {
      Value rowEnd = e.min(m, e.add(rowBegin, rows));
      e.loop(e.index(0), k, depth, [&](Value depthBegin) {
        Value size = e.min(e.index(depth), e.sub(k, depthBegin));
        e.loop(rowBegin, rowEnd, 1, [&](Value row) {
          copyRow(row, depthBegin, size, copy, e.sub(row, rowBegin));
        });
        e.loop(first, last, 1, [&](Value panel) {
          e.loop(rowBegin, rowEnd, blockRows, [&](Value row) {
            emitBlock({copy, rowBegin, rowEnd, row, panel, depthBegin, size});
          });
        });
      });
    });
  }

  /// Elements [depthBegin, depthBegin + size) of a row of lhs go to row
  /// `target` of the copy; in pairs the last one may be joined by a zero.
  void copyRow(Value row, Value depthBegin, Value size, Value copy,
               Value target) {
    if (!pairs)
      return e.vectorLoop(e.index(0), size, [&](Value i, Lanes lanes) {
        Value v = e.load(lhs, {row, e.add(depthBegin, i)}, lanes);
        e.store(v, copy, {target, i}, lanes);
      });
    int64_t width = 2 * lanes;
    auto type = VectorType::get(width, e.getBF16Type());
    Value none = arith::ConstantOp::create(e, type, e.getZeroAttr(type));
    e.loop(e.index(0), size, width, [&](Value i) {
      Value mask = vector::CreateMaskOp::create(
          e, VectorType::get(width, e.getI1Type()), e.sub(size, i));
      Value some = vector::MaskedLoadOp::create(
          e, type, lhs, ValueRange{row, e.add(depthBegin, i)}, mask, none);
      Value words = vector::BitCastOp::create(
          e, VectorType::get(lanes, e.getI32Type()), some);
      vector::StoreOp::create(e, words, copy,
                              ValueRange{target, e.div(i, e.index(2))});
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
      if (pairs)
        return multiplyPair(block, rows, depth, /*single=*/false, sums);
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
    int64_t stride = pairs ? 2 : 1;
    announceResult(block, rows);
    auto share = shareOfNextPanel(block);
    Value whole = e.mul(e.div(block.size, e.index(unroll)), unroll);
    Values sums =
        e.loop(e.index(0), whole, unroll, Values(rows * vectors, zero()),
               [&](Value depth, ValueRange carried) {
                 Values next(carried);
                 announceNextPanel(block, share, depth);
                 for (int64_t u = 0; u < unroll; u += stride)
                   step(e.add(depth, u), next);
                 return next;
               });
    if (!isDepthMultipleOf(unroll)) {
      Value even = e.mul(e.div(block.size, e.index(stride)), stride);
      sums = e.loop(whole, even, stride, sums,
                    [&](Value depth, ValueRange carried) {
                      Values next(carried);
                      step(depth, next);
                      return next;
                    });
      if (pairs) // an odd last row
        sums = e.loop(even, block.size, 1, sums,
                      [&](Value depth, ValueRange carried) {
                        Values next(carried);
                        multiplyPair(block, rows, depth, /*single=*/true, next);
                        return next;
                      });
    }
    storeRows(block.panel, block.row, sums, block.depthBegin);
  }

  /// Rows `depth` and `depth` + 1 of the panel (the second is none where
  /// `single`) times the pairs of the copy.
  void multiplyPair(const Block &block, int64_t rows, Value depth, bool single,
                    MutableArrayRef<Value> sums) {
    auto half = VectorType::get(lanes, e.getBF16Type()),
         whole = VectorType::get(2 * lanes, e.getBF16Type());
    auto load = [&](int64_t row, int64_t v) -> Value {
      return vector::LoadOp::create(
          e, half, panels,
          ValueRange{block.panel, e.add(e.add(block.depthBegin, depth), row),
                     e.index(v * lanes)});
    };
    Value none = arith::ConstantOp::create(e, half, e.getZeroAttr(half));
    Values right;
    for (int64_t v = 0; v < vectors; ++v)
      right.push_back(vector::InterleaveOp::create(e, load(0, v),
                                                   single ? none : load(1, v)));
    Value base = e.sub(block.row, block.rowBegin),
          word = e.div(depth, e.index(2));
    auto intrinsic = e.getStringAttr("llvm.x86.avx512bf16.dpbf16ps.512");
    for (int64_t r = 0; r < rows; ++r) {
      Value pair = memref::LoadOp::create(e, block.copy,
                                          ValueRange{e.add(base, r), word});
      Value left = vector::BitCastOp::create(
          e, whole,
          vector::BroadcastOp::create(e, VectorType::get(lanes, e.getI32Type()),
                                      pair));
      for (int64_t v = 0; v < vectors; ++v) {
        Value &sum = sums[r * vectors + v];
        sum = LLVM::CallIntrinsicOp::create(e, vectorType(), intrinsic,
                                            ValueRange{sum, left, right[v]})
                  .getResult(0);
      }
    }
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
  bool pairs;
};
} // namespace

void emitPackedMatmul(Emitter &e, hybrid::PackedMatmulOp op) {
  PackedMatmul(e, op).emit();
}

} // namespace jarana::cpu
