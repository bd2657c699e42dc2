// com.microsoft GroupQueryAttention to hybrid.rotary_embedding,
// hybrid.kv_cache_update and hybrid.attention.
#include "passes/raise/lower/Scalars.h"
#include "passes/raise/named/Named.h"

#include "dialects/hybrid/Hybrid.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// The past [b, h, p, d] with `fresh` [b, h, l, d] written at each sequence's
/// own position: [b, h, p + l, d], or as long as the past is. What is beyond a
/// sequence's last position is not looked at by anyone.
Tensor extendCache(Lowering &lowering, Tensor past, Tensor fresh,
                   Tensor position, const Shape &shape) {
  TensorBuilder &build = lowering.build;
  Tensor cache = past;
  if (!past || !build.same(past.shape[2], shape[2])) {
    SmallVector<Tensor> parts = {fresh};
    if (past)
      parts.insert(parts.begin(), past);
    cache = build.concat(parts, 2, shape);
  }
  auto update = hybrid::KvCacheUpdateOp::create(build.b, build.loc, fresh.value,
                                                position.value, cache.value);
  return {update->getResult(0), cache.shape};
}

/// What total_sequence_length must be: all positions, or some of a buffer's.
/// Shape inference compares what is known of it.
void checkTotal(Lowering &lowering, Operation *op, const Expr &total,
                const Expr &past, const Expr &length, bool buffered) {
  TensorBuilder &build = lowering.build;
  auto check = [&](arith::CmpIPredicate predicate, const Expr &left,
                   const Expr &right, const Twine &message) {
    lowering.check(build.b.createOrFold<arith::CmpIOp>(build.loc, predicate,
                                                       build.index(left),
                                                       build.index(right)),
                   "GroupQueryAttention node '" + hybrid::nodeName(op) +
                       "': total_sequence_length " + message);
  };
  if (!buffered)
    return check(arith::CmpIPredicate::eq,
                 lowering.context().simplify(total - past - length), Expr(0),
                 "is not that of the past and the new positions together");
  check(arith::CmpIPredicate::sle, total, past,
        "is more than the buffers of the past hold");
  check(arith::CmpIPredicate::sge, total, length,
        "is less than the number of new positions");
}

/// query (or packed query, key, value), key?, value?, past_key?, past_value?,
/// seqlens_k, total_sequence_length, cos_cache?, sin_cache?, position_ids?,
/// attention_bias?, head_sink? -> output, present_key, present_value.
LogicalResult lowerGroupQueryAttention(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  symbolic::Context &context = lowering.context();
  int64_t queryHeads = Lowering::integer(op, "num_heads"),
          heads = Lowering::integer(op, "kv_num_heads"),
          shared = queryHeads / heads;
  bool packed = !lowering.present(op, 1);
  Tensor query = lowering.get(op, 0), key, value;
  Expr batch = query.shape[0], length = query.shape[1], h(heads), r(shared);
  Expr width = context.floorDiv(
      query.shape[2], Expr(packed ? queryHeads + 2 * heads : queryHeads));
  if (!width.constant())
    return Lowering::error(op)
           << "needs a head size that is known when it is compiled";
  // All as [b, l, heads, d].
  if (packed) {
    Tensor all = build.reshape(
        query, {batch, length, Expr(queryHeads + 2 * heads), width});
    query = build.sliceAxis(all, 2, Expr(0), Expr(queryHeads));
    key = build.sliceAxis(all, 2, Expr(queryHeads), h);
    value = build.sliceAxis(all, 2, Expr(queryHeads + heads), h);
  } else {
    query = build.reshape(query, {batch, length, Expr(queryHeads), width});
    key = build.reshape(lowering.get(op, 1), {batch, length, h, width});
    value = build.reshape(lowering.get(op, 2), {batch, length, h, width});
  }
  Tensor pastKey = lowering.present(op, 3) ? lowering.get(op, 3) : Tensor(),
         pastValue = lowering.present(op, 4) ? lowering.get(op, 4) : Tensor();
  Expr past = pastKey ? pastKey.shape[2] : Expr(0);
  bool buffered = Lowering::integer(op, "shared_buffer") != 0;
  Expr total = lowering.elements(op, 6).front();
  checkTotal(lowering, op, total, past, length, buffered);

  // The positions that come before the new ones: seqlens_k + 1 - l; 0 for a
  // prompt, whatever its padding is.
  Type i64 = build.b.getI64Type();
  Tensor last = build.reshape(lowering.get(op, 5), {batch});
  Value added =
      arith::IndexCastOp::create(build.b, build.loc, i64, build.index(length));
  Value isPrompt =
      arith::CmpIOp::create(build.b, build.loc, arith::CmpIPredicate::eq,
                            build.index(buffered ? total : past),
                            build.index(buffered ? length : Expr(0)));
  Tensor before = build.elementwiseRaw(
      {last}, {batch}, i64, [&](OpBuilder &b, Location loc, ValueRange v) {
        Scalars s(b, loc);
        Value total = s.add(convertScalar(b, loc, v[0], i64, false, false),
                            s.number(i64, 1));
        return s.select(isPrompt, s.number(i64, 0), s.sub(total, added));
      });
  lowering.checkIndices(
      before, (buffered ? total - length : past) + Expr(1), false,
      "GroupQueryAttention node '" + hybrid::nodeName(op) +
          "': seqlens_k does not fit the past and the new positions");

  if (Lowering::integer(op, "do_rotary") != 0) {
    Tensor positions;
    if (lowering.present(op, 9)) {
      positions = lowering.get(op, 9);
    } else {
      Tensor column = build.reshape(before, {batch, Expr(1)});
      positions = build.generate(
          {column}, {batch, length}, i64,
          [&](OpBuilder &b, Location loc, ValueRange at,
              ValueRange v) -> Value {
            return arith::AddIOp::create(
                b, loc, v[0], arith::IndexCastOp::create(b, loc, i64, at[1]));
          });
    }
    bool interleaved = Lowering::integer(op, "rotary_interleaved") != 0;
    Tensor cos = lowering.get(op, 7), sin = lowering.get(op, 8);
    query = rotate(lowering, op, query, cos, sin, positions, interleaved);
    key = rotate(lowering, op, key, cos, sin, positions, interleaved);
  }
  Expr keys = buffered ? past : context.simplify(past + length);
  Shape cacheShape = {batch, h, keys, width};
  SmallVector<int64_t> headsFirst = {0, 2, 1, 3};
  key = extendCache(lowering, pastKey, build.transpose(key, headsFirst), before,
                    cacheShape);
  value = extendCache(lowering, pastValue, build.transpose(value, headsFirst),
                      before, cacheShape);
  setPresent(lowering, op, key, value);

  query = build.transpose(build.reshape(query, {batch, length, h, r, width}),
                          {0, 2, 3, 1, 4});
  KeyLimits limits;
  int64_t window = Lowering::integer(op, "local_window_size", -1);
  limits.left = window > 0 ? window - 1 : -1;
  limits.offset = before;
  std::optional<double> given;
  if (double scale = Lowering::real(op, "scale"); scale != 0)
    given = scale;
  AttentionParts parts{query, key,    value,
                       {},    limits, *attentionScale(op, given, width)};
  if (lowering.present(op, 10))
    parts.mask = lowering.get(op, 10);
  parts.softcap = Lowering::real(op, "softcap");
  parts.causal = true;
  if (lowering.present(op, 11))
    parts.sink = build.reshape(lowering.get(op, 11), {h, r});
  else if (Lowering::integer(op, "smooth_softmax") > 0)
    parts.sink = build.fill({h, r}, build.scalar(build.b.getF32Type(), 0));
  parts.facts = {{"packed", packed ? "yes" : "no"}};
  Tensor y = build.transpose(attend(lowering, op, parts), {0, 3, 1, 2, 4});
  lowering.set(op->getResult(0),
               build.reshape(y, lowering.shapeOf(op->getResult(0))));
  return success();
}

} // namespace

void addGroupQueryAttention(LoweringTable &table) {
  table["GroupQueryAttention"] = lowerGroupQueryAttention;
}

} // namespace jarana::raise
