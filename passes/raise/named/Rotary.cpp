// RotaryEmbedding to hybrid.rotary_embedding.
#include "passes/raise/named/Named.h"

#include "dialects/hybrid/Hybrid.h"

using namespace mlir;

namespace jarana::raise {
namespace {

/// Rows of a table [positions, w] by indices [b, l]: [b, l, w]. Negative
/// indices are errors here.
Tensor rowsOf(Lowering &lowering, Tensor table, Tensor positions) {
  TensorBuilder &build = lowering.build;
  Shape shape = {positions.shape[0], positions.shape[1], table.shape[1]};
  Tensor aligned = build.reshape(
      positions, {positions.shape[0], positions.shape[1], Expr(1)});
  return build.generate(
      {aligned}, shape, table.elementType(),
      [&](OpBuilder &b, Location loc, ValueRange at, ValueRange v) -> Value {
        Value row = arith::IndexCastOp::create(b, loc, b.getIndexType(), v[0]);
        return tensor::ExtractOp::create(b, loc, table.value,
                                         ValueRange{row, at[2]});
      });
}

/// X, cos_cache, sin_cache, position_ids? -> Y; X is [b, l, h * d] or [b, h, l,
/// d].
LogicalResult lowerRotary(Lowering &lowering, Operation *op) {
  TensorBuilder &build = lowering.build;
  Tensor input = lowering.get(op, 0);
  bool flat = input.rank() == 3;
  Tensor heads;
  SmallVector<int64_t> swap = {0, 2, 1, 3};
  if (flat) {
    int64_t count = Lowering::integer(op, "num_heads");
    Expr width = input.shape[2];
    if (count == 0) {
      // Without num_heads (com.microsoft) a full rotation tells the head size:
      // twice the width of the caches.
      auto half = lowering.shapeOf(op->getOperand(1)).back().constant(),
           whole = width.constant();
      if (!half || !whole || *half == 0 || *whole % (2 * *half) != 0)
        return Lowering::error(op) << "needs num_heads for an input of rank 3";
      count = *whole / (2 * *half);
    }
    heads = build.reshape(input, {input.shape[0], input.shape[1], Expr(count),
                                  build.context.floorDiv(width, Expr(count))});
  } else {
    heads = build.transpose(input, swap);
  }
  Tensor positions = lowering.present(op, 3) ? lowering.get(op, 3) : Tensor();
  bool interleaved = Lowering::integer(op, "interleaved") != 0;
  Tensor rotated = rotate(lowering, op, heads, lowering.get(op, 1),
                          lowering.get(op, 2), positions, interleaved);
  lowering.set(op->getResult(0), flat ? build.reshape(rotated, input.shape)
                                      : build.transpose(rotated, swap));
  symbolic::Context &context = lowering.context();
  lowering.report.raised("RotaryEmbedding", hybrid::nodeName(op),
                         "hybrid.rotary_embedding",
                         {{"heads", context.print(heads.shape[2])},
                          {"head_dim", context.print(heads.shape[3])},
                          {"mode", interleaved ? "interleaved" : "half"}});
  return success();
}

} // namespace

Tensor rotate(Lowering &lowering, Operation *op, Tensor input, Tensor cos,
              Tensor sin, Tensor positions, bool interleaved) {
  TensorBuilder &build = lowering.build;
  Expr length = input.shape[1];
  if (positions) {
    lowering.checkIndices(positions, cos.shape[0], false,
                          Lowering::operatorName(op) + " node '" +
                              hybrid::nodeName(op) +
                              "': a position is outside the " +
                              lowering.context().print(cos.shape[0]) +
                              " rows of the cos and sin caches");
    if (positions.rank() == 1 || build.isOne(build.product(positions.shape))) {
      // com.microsoft: one number is the position of the first token.
      Tensor first = build.reshape(positions, {Expr(1), Expr(1)});
      positions = build.generate(
          {first}, {Expr(1), length}, first.elementType(),
          [](OpBuilder &b, Location loc, ValueRange at, ValueRange v) -> Value {
            return arith::AddIOp::create(
                b, loc, v[0],
                arith::IndexCastOp::create(b, loc, v[0].getType(), at[1]));
          });
      lowering.checkIndices(
          positions, cos.shape[0], false,
          Lowering::operatorName(op) + " node '" + hybrid::nodeName(op) +
              "': the positions go beyond the cos and sin caches");
    }
    cos = rowsOf(lowering, cos, positions);
    sin = rowsOf(lowering, sin, positions);
  }
  // A batch of 1 serves all sequences.
  Expr half = cos.shape[2];
  Shape table = {build.isOne(cos.shape[0]) ? Expr(1) : input.shape[0], length,
                 half};
  Tensor init = build.empty(input.shape, input.elementType());
  int64_t rotated = 2 * half.constant().value_or(0);
  auto same = [&](Tensor values) {
    values = build.castShape(values, table);
    return values.elementType() == input.elementType()
               ? values
               : build.convert(values, build.b.getF32Type());
  };
  auto rotary = hybrid::RotaryEmbeddingOp::create(
      build.b, build.loc, input.value, same(cos).value, same(sin).value,
      init.value,
      interleaved ? hybrid::RotaryMode::Interleaved : hybrid::RotaryMode::Half,
      rotated);
  return {rotary->getResult(0), init.shape};
}

void addRotary(LoweringTable &table) { table["RotaryEmbedding"] = lowerRotary; }

} // namespace jarana::raise
