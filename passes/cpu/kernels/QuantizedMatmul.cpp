// hybrid.quantized_matmul: codes become floats in registers.
//
// The codes of a column lie along k, so a product is a vector of partial sums
// over k that is added up at its end. A byte of 4-bit codes holds two
// neighbours: the left side is copied so that its even and its odd elements lie
// apart (planes), and each vector of bytes meets a vector of either. Every
// vector of codes is converted once for all rows of a block, so the more rows
// the cheaper; columns are taken in ranges whose codes stay in the cache while
// the rows go by. One row reads each code once, from memory.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace jarana::cpu {
namespace {

class QuantizedMatmul {
  using Values = Emitter::Values;

public:
  QuantizedMatmul(Emitter &e, hybrid::QuantizedMatmulOp op)
      : e(e), lhs(op.getLhs()), codes(op.getCodes()), scales(op.getScales()),
        points(op.getZeroPoints()), y(op.getY()), bits(op.getBits()),
        planes(8 / bits) {
    auto type = cast<MemRefType>(codes.getType());
    blocks = type.getDimSize(1);
    blockBytes = type.getDimSize(2);
    depth = cast<MemRefType>(lhs.getType()).getShape().back();
    // Bytes of codes taken at a time: no vector crosses a block.
    for (lanes = e.target.lanes(); blockBytes % lanes;)
      lanes /= 2;
    rowsAtOnce = e.target.codeRows(blocks * blockBytes * planes);
  }

  void emit() {
    leading = e.dims(lhs);
    leading.pop_back();
    Value rows = e.index(1);
    for (Value size : leading)
      rows = e.mul(rows, size);
    Value columns = e.dim(codes, 0);
    Value work = e.mul(rows, e.mul(columns, blocks * blockBytes * planes));
    e.parallel(columns, work, [&](Value first, Value last) {
      // The padding keeps the rows' addresses apart modulo the page size.
      copy = e.scratch(
          {rowsAtOnce, planes, blocks * blockBytes + e.target.lanes()});
      e.loop(first, last, e.target.codeColumns(blocks * blockBytes),
             [&](Value begin) {
               Value end = e.min(last, e.add(begin, e.target.codeColumns(
                                                        blocks * blockBytes)));
               emitRows(rows, begin, end);
             });
    });
  }

private:
  /// All rows times columns [begin, end): blocks of rows, the rest in smaller
  /// and smaller ones.
  void emitRows(Value rows, Value begin, Value end) {
    Value done = e.index(0);
    for (int64_t count = rowsAtOnce; count; count /= 2) {
      Value until =
          e.add(done, e.mul(e.div(e.sub(rows, done), e.index(count)), count));
      e.loop(done, until, count, [&](Value row) {
        for (int64_t r = 0; r < count; ++r)
          copyRow(e.add(row, r), r);
        emitColumns(row, count, begin, end);
      });
      done = until;
    }
  }

  void emitColumns(Value row, int64_t count, Value begin, Value end) {
    // Few rows need more columns for as many independent sums.
    int64_t width = count == 1 ? 4 : 2;
    Value whole =
        e.add(begin, e.mul(e.div(e.sub(end, begin), e.index(width)), width));
    e.loop(begin, whole, width,
           [&](Value column) { multiply(row, count, column, width); });
    e.loop(whole, end, 1,
           [&](Value column) { multiply(row, count, column, 1); });
  }

  /// The indices of y or lhs at a row (counted over all leading dimensions)
  /// and a position of the last dimension.
  Values at(Value row, Value last) {
    Values indices = leading.empty() ? Values() : e.delinearize(row, leading);
    indices.push_back(last);
    return indices;
  }

  /// Copies a row of lhs to row r of the copy, element i to plane i % planes;
  /// zeros follow up to the end of the last block.
  void copyRow(Value row, int64_t r) {
    int64_t step = planes * e.target.lanes(), whole = depth / step * step;
    Value target = e.index(r), end = e.index(whole);
    e.loop(e.index(0), end, step, [&](Value i) {
      Value vector = e.load(lhs, at(row, i), Lanes{step});
      Value index = e.div(i, e.index(planes));
      if (planes == 1)
        return e.store(vector, copy, {target, e.index(0), index});
      auto halves = vector::DeinterleaveOp::create(e, vector);
      e.store(halves.getRes1(), copy, {target, e.index(0), index});
      e.store(halves.getRes2(), copy, {target, e.index(1), index});
    });
    auto place = [&](Value i) {
      return Values{target, e.rem(i, e.index(planes)),
                    e.div(i, e.index(planes))};
    };
    e.loop(end, e.index(depth), 1, [&](Value i) {
      e.storeScalar(e.loadScalar(lhs, at(row, i)), copy, place(i));
    });
    e.loop(e.index(depth), e.index(blocks * blockBytes * planes), 1,
           [&](Value i) { e.storeScalar(e.real(0), copy, place(i)); });
  }

  VectorType vectorOf(Type element) { return VectorType::get(lanes, element); }
  Value splat(Value scalar) {
    return vector::BroadcastOp::create(e, e.vectorType(lanes), scalar);
  }

  /// `count` rows from `row` on, copied, times `width` columns from `column`.
  void multiply(Value row, int64_t count, Value column, int64_t width) {
    Values sums(count * width, arith::ConstantOp::create(
                                   e, e.getZeroAttr(e.vectorType(lanes))));
    sums = e.loop(e.index(0), e.index(blocks), 1, sums,
                  [&](Value block, ValueRange carried) {
                    SmallVector<Weight> weights;
                    for (int64_t c = 0; c < width; ++c)
                      weights.push_back(weightsOf(e.add(column, c), block));
                    Values next(carried);
                    // A long block is a loop of its own.
                    constexpr int64_t unrolled = 4;
                    int64_t vectors = blockBytes / lanes, begin = 0;
                    if (vectors > 2 * unrolled) {
                      begin = vectors / unrolled * unrolled;
                      next = e.loop(e.index(0), e.index(begin * lanes),
                                    unrolled * lanes, next,
                                    [&](Value byte, ValueRange carried) {
                                      Values inner(carried);
                                      for (int64_t v = 0; v < unrolled; ++v)
                                        step(weights, block,
                                             e.add(byte, v * lanes), inner);
                                      return inner;
                                    });
                    }
                    for (int64_t v = begin; v < vectors; ++v)
                      step(weights, block, e.index(v * lanes), next);
                    return next;
                  });
    for (int64_t r = 0; r < count; ++r)
      for (int64_t c = 0; c < width; ++c)
        e.storeScalar(e.sum(sums[r * width + c]), y,
                      at(e.add(row, r), e.add(column, c)));
  }

  /// A weight is code * scale + offset.
  struct Weight {
    Value column, scale, offset;
  };

  Weight weightsOf(Value column, Value block) {
    Value scale = e.loadScalar(scales, {column, block});
    Value point = points ? zeroPoint(column, block) : e.real(1 << (bits - 1));
    Value offset = arith::NegFOp::create(e, e.fmul(point, scale));
    return {column, splat(scale), splat(offset)};
  }

  Value zeroPoint(Value column, Value block) {
    Value byte = memref::LoadOp::create(
        e, points, Values{column, e.div(block, e.index(planes))});
    Value wide = arith::ExtUIOp::create(e, e.getI32Type(), byte);
    if (planes > 1) {
      Value place = e.mul(e.rem(block, e.index(planes)), bits);
      Value shift = arith::IndexCastOp::create(e, e.getI32Type(), place);
      Value mask = arith::ConstantOp::create(e, e.getI32IntegerAttr(15));
      wide = arith::AndIOp::create(e, arith::ShRUIOp::create(e, wide, shift),
                                   mask);
    }
    return arith::SIToFPOp::create(e, e.getF32Type(), wide);
  }

  /// Adds the products of `lanes` bytes of codes of each column, from `byte` of
  /// a block on, to the sums (rows outer).
  void step(ArrayRef<Weight> weights, Value block, Value byte,
            MutableArrayRef<Value> sums) {
    Type i32 = e.getI32Type();
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(
          e, DenseElementsAttr::get(vectorOf(i32), e.getI32IntegerAttr(value)));
    };
    Value index = e.add(e.mul(block, blockBytes), byte);
    size_t width = weights.size();
    for (auto [c, weight] : llvm::enumerate(weights)) {
      Value bytes =
          vector::LoadOp::create(e, vectorOf(e.getI8Type()), codes,
                                 ValueRange{weight.column, block, byte});
      Value wide = arith::ExtUIOp::create(e, vectorOf(i32), bytes);
      for (int64_t plane = 0; plane < planes; ++plane) {
        Value code = wide;
        if (planes > 1 && plane == 0)
          code = arith::AndIOp::create(e, wide, constant(15));
        else if (plane > 0)
          code = arith::ShRUIOp::create(e, wide, constant(4));
        Value real = arith::SIToFPOp::create(e, e.vectorType(lanes), code);
        real = e.mulAdd(real, weight.scale, weight.offset);
        for (size_t r = 0; r < sums.size() / width; ++r) {
          Value left =
              e.load(copy, {e.index(r), e.index(plane), index}, Lanes{lanes});
          sums[r * width + c] = e.mulAdd(left, real, sums[r * width + c]);
        }
      }
    }
  }

  Emitter &e;
  Value lhs, codes, scales, points, y, copy;
  Values leading;
  int64_t bits, planes, blocks, blockBytes, depth, lanes, rowsAtOnce;
};
} // namespace

void emitQuantizedMatmul(Emitter &e, hybrid::QuantizedMatmulOp op) {
  QuantizedMatmul(e, op).emit();
}

} // namespace jarana::cpu
