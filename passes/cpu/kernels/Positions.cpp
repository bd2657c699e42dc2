// hybrid.rotary_embedding and hybrid.kv_cache_update: what is done to queries
// and keys by their position.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace jarana::cpu {

Value loadPosition(Emitter &e, Value positions, Value batch) {
  Emitter::Values at;
  if (cast<MemRefType>(positions.getType()).getRank() == 1)
    at.push_back(batch);
  Value position = memref::LoadOp::create(e, positions, at);
  return arith::IndexCastOp::create(e, e.getIndexType(), position);
}

Value broadcastIndex(Emitter &e, Value memref, int64_t dimension, Value index) {
  Value isOne = e.equal(e.dim(memref, dimension), 1);
  return e.createOrFold<arith::SelectOp>(isOne, e.index(0), index);
}

namespace {
/// Pairs (2i, 2i + 1) from i on of a head, rotated.
void rotateNeighbours(Emitter &e, Value input, Value y, Emitter::Values at,
                      Value pair, Lanes some, Value cos, Value sin) {
  at.back() = e.mul(pair, 2);
  Lanes both{2 * some.count};
  if (some.mask)
    both.mask = vector::InterleaveOp::create(e, some.mask, some.mask);
  auto parts = vector::DeinterleaveOp::create(e, e.load(input, at, both));
  Value u = parts.getRes1(), v = parts.getRes2();
  Value first = e.fsub(e.fmul(u, cos), e.fmul(v, sin));
  Value second = e.mulAdd(v, cos, e.fmul(u, sin));
  e.store(vector::InterleaveOp::create(e, first, second), y, at, both);
}
} // namespace

void emitRotaryEmbedding(Emitter &e, hybrid::RotaryEmbeddingOp op) {
  using Values = Emitter::Values;
  Value input = op.getInput(), cosines = op.getCos(), sines = op.getSin(),
        y = op.getY();
  Values sizes = e.dims(input);
  Value half = e.index(op.getRotaryDim() / 2),
        rotated = e.index(op.getRotaryDim());
  bool interleaved = op.getMode() == hybrid::RotaryMode::Interleaved;

  auto head = [&](Value b, Value t, Value h) {
    Value row = broadcastIndex(e, cosines, 0, b);
    e.vectorLoop(e.index(0), half, [&](Value pair, Lanes some) {
      Value cos = e.load(cosines, {row, t, pair}, some);
      Value sin = e.load(sines, {row, t, pair}, some);
      if (interleaved)
        return rotateNeighbours(e, input, y, {b, t, h, pair}, pair, some, cos,
                                sin);
      Values near{b, t, h, pair}, far{b, t, h, e.add(pair, half)};
      Value u = e.load(input, near, some), v = e.load(input, far, some);
      e.store(e.fsub(e.fmul(u, cos), e.fmul(v, sin)), y, near, some);
      e.store(e.mulAdd(v, cos, e.fmul(u, sin)), y, far, some);
    });
    e.vectorLoop(rotated, sizes[3], [&](Value i, Lanes some) {
      Values at{b, t, h, i};
      e.store(e.load(input, at, some), y, at, some);
    });
  };

  Value rows = e.mul(sizes[0], sizes[1]);
  Value work = e.mul(e.mul(rows, e.mul(sizes[2], sizes[3])), 4);
  e.parallel(rows, work, [&](Value first, Value last) {
    e.loop(first, last, 1, [&](Value item) {
      Values at = e.delinearize(item, {sizes[0], sizes[1]});
      e.loop(e.index(0), sizes[2], 1, [&](Value h) { head(at[0], at[1], h); });
    });
  });
}

void emitKvCacheUpdate(Emitter &e, hybrid::KvCacheUpdateOp op) {
  using Values = Emitter::Values;
  Value fresh = op.getNewValues(), cache = op.getCache();
  Values sizes = e.dims(fresh);
  Value rows = e.mul(e.mul(sizes[0], sizes[1]), sizes[2]);
  e.parallel(rows, e.mul(rows, sizes[3]), [&](Value first, Value last) {
    e.loop(first, last, 1, [&](Value item) {
      Values at = e.delinearize(item, {sizes[0], sizes[1], sizes[2]});
      Value position = loadPosition(e, op.getPosition(), at[0]);
      e.vectorLoop(e.index(0), sizes[3], [&](Value i, Lanes some) {
        Value v = e.load(fresh, {at[0], at[1], at[2], i}, some);
        e.store(v, cache, {at[0], at[1], e.add(position, at[2]), i}, some);
      });
    });
  });
}

} // namespace jarana::cpu
