// hybrid.rms_norm: each row (and group of it) is read for the mean square, then
// again, from the cache, to be scaled.
#include "passes/cpu/kernels/Kernels.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace jarana::cpu {

void emitRmsNorm(Emitter &e, hybrid::RmsNormOp op) {
  using Values = Emitter::Values;
  Value input = op.getInput(), weight = op.getWeight(), gate = op.getGate(),
        y = op.getY();
  bool before = gate && op.getGatePosition() == hybrid::GatePosition::Before;
  bool after = gate && !before;
  // The gated input waits in y, unless y would round it.
  bool keepsGated =
      before && cast<MemRefType>(y.getType()).getElementType().isF32();

  Values leading = e.dims(input);
  Value n = leading.pop_back_val(), rows = e.index(1);
  for (Value size : leading)
    rows = e.mul(rows, size);
  if (leading.empty())
    leading.push_back(rows);
  bool isRow = cast<MemRefType>(input.getType()).getRank() == 1;
  int64_t groups = op.getGroups();
  Value size = e.div(n, e.index(groups));
  Value count = arith::UIToFPOp::create(
      e, e.getF32Type(), arith::IndexCastOp::create(e, e.getI32Type(), size));
  Value epsilon = e.real(op.getEpsilon().convertToDouble());

  auto group = [&](Values row, Value number) {
    Value begin = e.mul(size, number), end = e.add(begin, size);
    auto at = [&](Value column) {
      Values result = isRow ? Values() : row;
      result.push_back(column);
      return result;
    };
    auto gated = [&](Value column, Lanes some) {
      Value v = e.load(input, at(column), some);
      if (before)
        v = e.fmul(v, e.silu(e.load(gate, at(column), some)));
      return v;
    };
    Values squares = e.vectorLoop(
        begin, end, Values{e.splat(0.0)},
        [&](Value column, Lanes some, ValueRange carried) -> Values {
          Value v = gated(column, some);
          if (keepsGated)
            e.store(v, y, at(column), some);
          return {e.mulAdd(v, v, carried[0])};
        });
    Value mean = e.fdiv(e.sum(squares[0]), count);
    Value root = math::SqrtOp::create(e, e.fadd(mean, epsilon));
    Value factor = e.splat(e.fdiv(e.real(1), root));
    e.vectorLoop(begin, end, [&](Value column, Lanes some) {
      Value v = keepsGated ? e.load(y, at(column), some) : gated(column, some);
      v = e.fmul(v, factor);
      if (weight)
        v = e.fmul(v, e.load(weight, {column}, some));
      if (after)
        v = e.fmul(v, e.silu(e.load(gate, at(column), some)));
      e.store(v, y, at(column), some);
    });
  };

  Value work = e.mul(e.mul(rows, n), gate ? 16 : 4);
  e.parallel(rows, work, [&](Value first, Value last) {
    e.loop(first, last, 1, [&](Value item) {
      Values row = e.delinearize(item, leading);
      e.loop(e.index(0), e.index(groups), 1,
             [&](Value number) { group(row, number); });
    });
  });
}

} // namespace jarana::cpu
