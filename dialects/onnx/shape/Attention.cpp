// Attention with its caches, and the rotary embedding.
#include "dialects/onnx/shape/Rules.h"

using namespace mlir;

namespace jarana::onnx::shape {
namespace {

/// Shape letters: b batch, h heads, l positions, d width of a head.
struct Heads {
  Expr b, h, l, d;
};

/// [b, h, l, d], or [b, l, h * d] with the number of heads as an attribute.
Heads headsOf(Inference &inference, unsigned operand, StringRef attribute) {
  const ValueInfo &x = inference.in(operand);
  inference.requireRank(operand, 3, 4);
  if (x.rank() == 4)
    return {x.shape[0], x.shape[1], x.shape[2], x.shape[3]};
  int64_t heads = inference.integer(attribute, 0);
  if (heads < 1)
    inference.fail("with an operand of rank 3 the attribute '" + attribute +
                   "' must be positive");
  Expr width = inference.ctx.floorDiv(x.shape[2], Expr(heads));
  inference.requireEqual(x.shape[2], width * Expr(heads),
                         "the width of operand " + Twine(operand) +
                             " and a multiple of " + attribute + ", " +
                             Twine(heads));
  return {x.shape[0], Expr(heads), x.shape[1], width};
}

/// Past and new positions along dimension 2 of a cache [b, h, l, d].
Shape present(Inference &inference, unsigned past, const Heads &fresh,
              StringRef what) {
  Shape shape = {fresh.b, fresh.h, fresh.l, fresh.d};
  if (!inference.has(past))
    return shape;
  inference.requireRank(past, 4, 4);
  const Shape &before = inference.in(past).shape;
  for (size_t i : {0, 1, 3})
    inference.requireEqual(shape[i], before[i],
                           "dimension " + Twine(i) + " of the past " + what +
                               " and of the new one");
  shape[2] = before[2] + fresh.l;
  return shape;
}

/// A mask that is broadcast to [b, h, l, total]; of rank 2 to 4.
void checkMask(Inference &inference, unsigned operand, const Shape &scores,
               bool mayBeShorter) {
  const ValueInfo &mask = inference.in(operand);
  if (mask.rank() > 4)
    inference.fail("the mask has rank " + Twine(mask.rank()) +
                   ", which must be at most 4");
  for (int64_t i = 1; i <= mask.rank(); ++i) {
    const Expr &dim = mask.shape[mask.rank() - i], &wanted = scores[4 - i];
    if (dim.isConstant(1))
      continue;
    // Missing columns at the end count as masked, where that is certain.
    if (i == 1 && mayBeShorter && inference.ctx.proveNonNegative(wanted - dim))
      continue;
    inference.requireEqual(wanted, dim,
                           "dimension " + Twine(4 - i) +
                               " of the scores and of the mask");
  }
}

Results attention(Inference &inference) {
  Heads query = headsOf(inference, 0, "q_num_heads"),
        key = headsOf(inference, 1, "kv_num_heads"),
        value = headsOf(inference, 2, "kv_num_heads");
  inference.requireEqual(query.b, key.b, "the batches of query and key");
  inference.requireEqual(query.b, value.b, "the batches of query and value");
  inference.requireEqual(key.h, value.h, "the heads of key and value");
  inference.requireEqual(key.l, value.l, "the lengths of key and value");
  inference.requireEqual(query.d, key.d, "the head sizes of query and key");
  if (auto many = query.h.constant(), few = key.h.constant();
      many && few && (*few < 1 || *many % *few != 0))
    inference.fail("the number of query heads, " + Twine(*many) +
                   ", must be a multiple of that of key and value heads, " +
                   Twine(*few));
  if (inference.has(4) != inference.has(5))
    inference.fail("past_key and past_value must be given both or neither");
  Shape presentKey = present(inference, 4, key, "key"),
        presentValue = present(inference, 5, value, "value");
  inference.requireEqual(presentKey[2], presentValue[2],
                         "the lengths of key and value");
  Shape scores = {query.b, query.h, query.l, presentKey[2]};
  if (inference.has(3))
    checkMask(inference, 3, scores, /*mayBeShorter=*/true);
  if (inference.has(6)) {
    inference.requireRank(6, 1, 1);
    inference.requireEqual(inference.in(6).shape[0], query.b,
                           "the size of nonpad_kv_seqlen and the batch");
  }
  if (inference.has(7)) { // AttentionWithSink
    inference.requireRank(7, 1, 1);
    inference.requireEqual(inference.in(7).shape[0], query.h,
                           "the size of the sink and the query heads");
  }
  Shape output = inference.in(0).rank() == 4
                     ? Shape{query.b, query.h, query.l, value.d}
                     : Shape{query.b, query.l, query.h * value.d};
  Type type = inference.in(0).elementType;
  return {{type, std::move(output), std::nullopt},
          {inference.in(1).elementType, std::move(presentKey), std::nullopt},
          {inference.in(2).elementType, std::move(presentValue), std::nullopt},
          {type, std::move(scores), std::nullopt}};
}

/// com.microsoft GroupQueryAttention, see MicrosoftOps.td.
Results groupQueryAttention(Inference &inference) {
  inference.requireRank(0, 3, 3);
  const Shape &query = inference.in(0).shape;
  int64_t heads = inference.integer("num_heads"),
          kvHeads = inference.integer("kv_num_heads");
  if (heads < 1 || kvHeads < 1 || heads % kvHeads != 0)
    inference.fail("num_heads, " + Twine(heads) +
                   ", must be a multiple of kv_num_heads, " + Twine(kvHeads));
  bool packed = !inference.has(1);
  int64_t held = packed ? heads + 2 * kvHeads : heads;
  Expr width = inference.ctx.floorDiv(query[2], Expr(held));
  inference.requireEqual(query[2], width * Expr(held),
                         "the width of the query and a multiple of its " +
                             Twine(held) + " heads");
  Heads fresh = {query[0], Expr(kvHeads), query[1], width};
  if (!packed)
    for (unsigned i : {1u, 2u}) {
      inference.requireRank(i, 3, 3);
      for (size_t d = 0; d < 2; ++d)
        inference.requireEqual(query[d], inference.in(i).shape[d],
                               "dimension " + Twine(d) +
                                   " of the query and of operand " + Twine(i));
      inference.requireEqual(inference.in(i).shape[2], width * Expr(kvHeads),
                             "the width of operand " + Twine(i) +
                                 " and that of its heads");
    }
  Shape keys = present(inference, 3, fresh, "key"),
        values = present(inference, 4, fresh, "value");
  if (inference.has(5))
    inference.requireEqual(
        inference.in(5).shape.empty() ? Expr(1) : inference.in(5).shape[0],
        query[0], "the size of seqlens_k and the batch");
  std::optional<Expr> total = inference.scalar(6);
  if (inference.integer("shared_buffer", 0)) {
    // Buffers with room to spare, which the new positions are written into.
    keys[2] = inference.in(3).shape[2];
    values[2] = inference.in(4).shape[2];
    inference.requireEqual(keys[2], values[2],
                           "the lengths of past_key and past_value");
    if (total)
      inference.requireAtLeast(
          keys[2], *total,
          "the buffers of the past against total_sequence_length");
  } else if (total) {
    inference.requireEqual(
        keys[2], *total,
        "the past and new positions and total_sequence_length");
  }
  if (inference.has(10)) {
    // A shared buffer may have more positions than are counted.
    Expr columns = keys[2];
    if (const ValueInfo &bias = inference.in(10);
        inference.integer("shared_buffer", 0) && bias.rank() > 0) {
      columns = bias.shape.back();
      inference.requireAtLeast(keys[2], columns,
                               "the buffers of the past against the columns of "
                               "attention_bias");
    }
    checkMask(inference, 10, {query[0], Expr(heads), query[1], columns},
              /*mayBeShorter=*/false);
  }
  Type type = inference.in(0).elementType;
  return {{type, {query[0], query[1], Expr(heads) * width}, std::nullopt},
          {type, std::move(keys), std::nullopt},
          {type, std::move(values), std::nullopt}};
}

/// cos and sin [positions, r / 2] with position_ids [b, l], else [b, l, r / 2].
/// A batch of 1 serves all sequences: exporters write it, and it is harmless.
Results rotaryEmbedding(Inference &inference) {
  Heads x = headsOf(inference, 0, "num_heads");
  Expr half = inference.ctx.floorDiv(x.d, Expr(2));
  if (int64_t rotated = inference.integer("rotary_embedding_dim", 0)) {
    if (rotated < 0 || rotated % 2 != 0)
      inference.fail("rotary_embedding_dim is " + Twine(rotated) +
                     ", which must be even and positive");
    inference.requireAtLeast(x.d, Expr(rotated),
                             "rotary_embedding_dim is larger than a head");
    half = Expr(rotated / 2);
  }
  auto sequence = [&](unsigned operand) {
    const Shape &shape = inference.in(operand).shape;
    if (!shape[0].isConstant(1))
      inference.requireEqual(x.b, shape[0],
                             "the batches of the input and of operand " +
                                 Twine(operand));
    inference.requireEqual(x.l, shape[1],
                           "the lengths of the input and of operand " +
                               Twine(operand));
  };
  bool byPosition = inference.has(3);
  for (unsigned cache : {1u, 2u}) {
    inference.requireRank(cache, byPosition ? 2 : 3, byPosition ? 2 : 3);
    inference.requireEqual(inference.in(cache).shape.back(), half,
                           "the width of operand " + Twine(cache) +
                               " and half of the rotated dimensions");
    if (!byPosition)
      sequence(cache);
  }
  if (byPosition) {
    inference.requireRank(3, 2, 2);
    sequence(3);
  }
  return likeFirst(inference);
}

} // namespace

ArrayRef<NamedRule> attentionRules() {
  static const NamedRule rules[] = {
      {"Attention", attention},
      {"AttentionWithSink", attention},
      {"GroupQueryAttention", groupQueryAttention},
      {"RotaryEmbedding", rotaryEmbedding},
  };
  return rules;
}

} // namespace jarana::onnx::shape
